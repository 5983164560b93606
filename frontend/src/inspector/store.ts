import type { Feature, Geometry } from 'geojson';
import { defineStore } from 'pinia';
import { nextTick, ref, shallowRef } from 'vue';
import type { Item, LonLat, Lookup } from '../api';
import * as api from '../api';
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
  const status = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  const error = shallowRef<unknown>(null);
  /** The panel whose list the feature was opened from. */
  const origin = ref<Side>(null);

  const chosen = ref<Chosen | null>(null);
  const item = shallowRef<Item | null>(null);
  const itemStatus = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  const itemError = shallowRef<unknown>(null);

  let asking: AbortController | null = null;
  let reading: AbortController | null = null;

  /** Asks what is at a point. `crs` names the system of a pasted coordinate. */
  async function inspect(at: LonLat, crs?: string): Promise<void> {
    asking?.abort();
    reading?.abort();
    const mine = new AbortController();
    asking = mine;
    origin.value = null;
    point.value = at;
    lookup.value = null;
    chosen.value = null;
    item.value = null;
    itemStatus.value = 'idle';
    status.value = 'loading';
    shell.side = 'inspector';
    const coarse = window.matchMedia?.('(pointer: coarse)').matches;
    hits.value = stage.value?.featuresAt(at, coarse ? REACH.coarse : REACH.fine) ?? [];
    mark();
    try {
      const answer = await api.lookup(at, crs, mine.signal);
      lookup.value = answer;
      point.value = answer.point;
      status.value = 'ready';
      // The panel has its size now: the point must not lie under it.
      await nextTick();
      stage.value?.reveal(answer.point, freePadding());
      await outlineHouse(answer, mine);
    } catch (reason) {
      if (api.isAborted(reason)) return;
      error.value = reason;
      status.value = 'failed';
    }
  }

  /** Draws the outline of the house at the point, so that the reader sees which one is meant. */
  async function outlineHouse(answer: Lookup, mine: AbortController): Promise<void> {
    const house = answer.at.building?.[0];
    if (!house) {
      mark();
      return;
    }
    try {
      const feature = await api.item('building', house.id, mine.signal);
      if (!chosen.value) mark(feature.geometry);
    } catch {
      // the answer stands without the outline
    }
  }

  /** Opens one feature; `go` also moves the map to it. */
  async function open(layer: string, id: string, go = false): Promise<Item | null> {
    reading?.abort();
    const mine = new AbortController();
    reading = mine;
    chosen.value = { layer, id };
    item.value = null;
    itemStatus.value = 'loading';
    if (LISTS.includes(shell.side)) {
      // What was at a point before is not what one goes back to.
      origin.value = shell.side;
      point.value = null;
      lookup.value = null;
    } else if (shell.side !== 'inspector') origin.value = null;
    shell.side = 'inspector';
    try {
      const feature = await api.item(layer, id, mine.signal);
      item.value = feature;
      itemStatus.value = 'ready';
      mark(feature.geometry);
      if (go) goTo(feature.geometry);
      else bringOut(feature.geometry);
      return feature;
    } catch (reason) {
      if (api.isAborted(reason)) return null;
      if (layer === 'building' && reason instanceof api.ApiError && reason.kind === 'offline') {
        const copy = await along.house(id);
        if (reading === mine && copy) {
          item.value = copy.item;
          itemStatus.value = 'ready';
          mark(copy.item.geometry);
          if (go) goTo(copy.item.geometry);
          return copy.item;
        }
      }
      itemError.value = reason;
      itemStatus.value = 'failed';
      return null;
    }
  }

  /** Reads again what is shown, without taking it away meanwhile: it changed on the server. */
  async function reread(): Promise<void> {
    const [at, open] = [point.value, chosen.value];
    try {
      if (open && item.value) {
        const feature = await api.item(open.layer, open.id);
        if (chosen.value?.layer !== open.layer || chosen.value.id !== open.id) return;
        item.value = feature;
        mark(feature.geometry);
      }
      if (at && lookup.value) {
        const answer = await api.lookup(at);
        if (point.value !== at) return;
        lookup.value = answer;
        if (!chosen.value) await outlineHouse(answer, new AbortController());
      }
    } catch (reason) {
      // Gone: it was deleted. Anything else is asked again with the next change.
      if (reason instanceof api.ApiError && reason.kind === 'not_found' && chosen.value === open) {
        item.value = null;
        itemError.value = reason;
        itemStatus.value = 'failed';
        mark();
      }
    }
  }

  /** From one feature back to the list of what is at the point, or to the panel that it was opened from. */
  function back(): void {
    const from = origin.value;
    if (!point.value && from) {
      close();
      shell.side = from;
      return;
    }
    reading?.abort();
    chosen.value = null;
    item.value = null;
    itemStatus.value = 'idle';
    if (lookup.value) void outlineHouse(lookup.value, new AbortController());
    else if (!point.value) close();
  }

  function close(): void {
    asking?.abort();
    reading?.abort();
    origin.value = null;
    point.value = null;
    lookup.value = null;
    hits.value = [];
    chosen.value = null;
    item.value = null;
    status.value = 'idle';
    itemStatus.value = 'idle';
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
    status,
    error,
    chosen,
    item,
    itemStatus,
    itemError,
    inspect,
    open,
    reread,
    back,
    close,
    show,
    position: () => positionOf(item.value?.geometry ?? null),
  };
});
