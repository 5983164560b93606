import type { Feature, Geometry } from 'geojson';
import { defineStore } from 'pinia';
import { nextTick, ref, shallowRef } from 'vue';
import type { Item, LonLat, Lookup } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { stage } from '../map/current';
import type { Hit } from '../map/stage';
import { useTakenAlong } from '../offline/store';
import { freePadding } from '../shell/padding';
import { type Side, useShell } from '../shell/store';
import { boundsOf, positionOf } from './geometry';

export interface Chosen {
  layer: string;
  id: string;
}

/** How far a finger or a pointer may miss a point or a line, in pixels. */
const REACH = { coarse: 12, fine: 5 };

/** Panels with lists: from a feature that was opened there, one goes back to them. */
const LISTS: Side[] = ['panels', 'statistics', 'enforcement', 'spots', 'scattered', 'renewal'];

/** What lies at a point, and the one feature that is looked at. */
export const useInspector = defineStore('inspector', () => {
  const shell = useShell();
  const along = useTakenAlong();

  const point = ref<LonLat | null>(null);
  const lookup = shallowRef<Lookup | null>(null);
  const hits = shallowRef<Hit[]>([]);
  /** The panel whose list the feature was opened from. */
  const origin = ref<Side>(null);

  const chosen = ref<Chosen | null>(null);
  const item = shallowRef<Item | null>(null);

  const looking = useNewest();
  const opening = useNewest();
  const outlining = useNewest();

  /** Asks what is at a point. `crs` names the system of a pasted coordinate. */
  async function inspect(at: LonLat, crs?: string): Promise<void> {
    opening.giveUp();
    outlining.giveUp();
    origin.value = null;
    point.value = at;
    lookup.value = null;
    chosen.value = null;
    item.value = null;
    shell.side = 'inspector';
    const coarse = window.matchMedia?.('(pointer: coarse)').matches;
    hits.value = stage.value?.featuresAt(at, coarse ? REACH.coarse : REACH.fine) ?? [];
    mark();
    const came = await looking.ask(
      (signal) => api.lookup(at, crs, signal),
      (answer) => {
        lookup.value = answer;
        point.value = answer.point;
      },
    );
    if (came === 'taken') await reveal();
  }

  /** Shows what was found at the point on the map. */
  async function reveal(): Promise<void> {
    const found = lookup.value;
    // The panel has its size then: the point must not lie under it.
    await nextTick();
    if (!found || lookup.value !== found) return;
    stage.value?.reveal(found.point, freePadding());
    await outlineHouse(found);
  }

  /** Draws the outline of the house at the point, so that the reader sees which one is meant. */
  async function outlineHouse(answer: Lookup): Promise<void> {
    outlining.giveUp();
    const house = answer.at.building?.[0];
    if (!house) {
      mark();
      return;
    }
    // Where it cannot be asked, the answer stands without the outline.
    await outlining.ask(
      (signal) => api.item('building', house.id, signal),
      (feature) => {
        if (!chosen.value) mark(feature.geometry);
      },
    );
  }

  /** Opens one feature; `go` also moves the map to it. */
  async function open(layer: string, id: string, go = false): Promise<Item | null> {
    chosen.value = { layer, id };
    item.value = null;
    if (LISTS.includes(shell.side)) {
      // What was at a point before is not what one goes back to.
      origin.value = shell.side;
      point.value = null;
      lookup.value = null;
    } else if (shell.side !== 'inspector') origin.value = null;
    shell.side = 'inspector';
    const came = await opening.ask(
      (signal) => api.item(layer, id, signal).catch((reason) => takenAlong(layer, id, reason)),
      (feature) => {
        item.value = feature;
        mark(feature.geometry);
        if (go) goTo(feature.geometry);
        else bringOut(feature.geometry);
      },
    );
    return came === 'taken' ? item.value : null;
  }

  /** Without a network a house is what was taken along of it. */
  async function takenAlong(layer: string, id: string, reason: unknown): Promise<Item> {
    const offline = reason instanceof api.ApiError && reason.kind === 'offline';
    const copy = offline && layer === 'building' ? await along.house(id) : null;
    if (!copy) throw reason;
    return copy.item;
  }

  /** Reads again what is shown, without taking it away meanwhile: it changed on the server. */
  async function reread(): Promise<void> {
    await Promise.all([rereadItem(), relook()]);
  }

  async function rereadItem(): Promise<void> {
    const open = chosen.value;
    if (!open || !item.value) return;
    const came = await opening.ask(
      (signal) => api.item(open.layer, open.id, signal),
      (feature) => {
        item.value = feature;
        mark(feature.geometry);
      },
      true,
    );
    // Gone: it was deleted.
    if (came !== 'failed') return;
    item.value = null;
    mark();
  }

  async function relook(): Promise<void> {
    const at = point.value;
    if (!at || !lookup.value) return;
    const came = await looking.ask((signal) => api.lookup(at, undefined, signal), lookup, true);
    if (came === 'taken' && !chosen.value && lookup.value) await outlineHouse(lookup.value);
  }

  /** From one feature back to the list of what is at the point, or to the panel that it was opened from. */
  function back(): void {
    const from = origin.value;
    if (!point.value && from) {
      close();
      shell.side = from;
      return;
    }
    opening.giveUp();
    chosen.value = null;
    item.value = null;
    if (lookup.value) void outlineHouse(lookup.value);
    else if (!point.value) close();
  }

  function close(): void {
    looking.giveUp();
    opening.giveUp();
    outlining.giveUp();
    origin.value = null;
    point.value = null;
    lookup.value = null;
    hits.value = [];
    chosen.value = null;
    item.value = null;
    void stage.value?.highlight([]);
    if (shell.side === 'inspector') shell.side = null;
  }

  function goTo(geometry: Geometry | null): void {
    const bounds = boundsOf(geometry);
    const current = stage.value;
    if (!bounds || !current) return;
    // After the panel has taken its place, so that the feature is not under it.
    void nextTick().then(() => current.fit(bounds, freePadding(), 18.5));
  }

  /** Brings a feature out from under the panel that it opened, where all of it lies there. */
  function bringOut(geometry: Geometry | null): void {
    const bounds = boundsOf(geometry);
    if (!bounds) return;
    void nextTick().then(() => stage.value?.bringOut(bounds, freePadding()));
  }

  /** Marks the point asked for and a geometry on the map. */
  function mark(geometry?: Geometry | null): void {
    const features: Feature[] = [];
    if (geometry) features.push({ type: 'Feature', geometry, properties: {} });
    if (point.value) {
      features.push({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: point.value },
        properties: { role: 'pin' },
      });
    }
    void stage.value?.highlight(features);
  }

  /** The place of the open feature, for links and moves. */
  function show(): void {
    if (item.value) goTo(item.value.geometry);
    else if (point.value) goTo({ type: 'Point', coordinates: point.value });
  }

  return {
    origin,
    point,
    lookup,
    hits,
    status: looking.status,
    error: looking.error,
    chosen,
    item,
    itemStatus: opening.status,
    itemError: opening.error,
    inspect,
    open,
    reread,
    back,
    close,
    show,
    position: () => positionOf(item.value?.geometry ?? null),
  };
});
