import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import * as api from '../api';
import { boundsOf, positionOf } from '../inspector/geometry';
import { stage } from '../map/current';
import * as box from '../outbox/box';
import { useSession } from '../session/store';
import {
  dropHouses,
  keepHouse,
  keepIndex,
  matching,
  readHouse,
  readIndex,
  type Taken,
  tilesOf,
} from './houses';

/** Houses that one request lists. */
const PAGE = 500;
/** Zooms whose tiles are taken along; closer ones are drawn of the last. */
const ZOOMS = [14, 15, 16, 17];
/** How long to wait when the server asks for patience, in ms. */
const PATIENCE = 2000;

/** One's own grids on the device: houses with their people, sealed, and the tiles under them. */
export const useTakenAlong = defineStore('taken-along', () => {
  const session = useSession();
  const taken = shallowRef<Taken | null>(null);
  const done = ref(0);
  const total = ref(0);
  const busy = ref(false);
  const error = shallowRef<unknown>(null);

  const user = computed(() => session.session?.user ?? null);
  const grids = computed(() => (session.session?.territory ?? []).filter(({ layer }) => layer === 'grid'));
  /** Who is bound to grids takes them along; a whole village is not for a pocket. */
  const possible = computed(() => user.value !== null && grids.value.length > 0 && box.canKeep());

  /** Takes up what is on the device. Where nobody is signed in nothing stays there. */
  async function load(): Promise<void> {
    if (typeof indexedDB === 'undefined') return;
    if (user.value === null) {
      await dropHouses();
      return;
    }
    const kept = await readIndex(user.value);
    // Of a grid that was given to somebody else nothing stays.
    const own = grids.value.map(({ id }) => id);
    if (kept?.grids?.some((id) => !own.includes(id))) {
      await dropHouses();
      return;
    }
    taken.value = kept;
  }

  async function patient<T>(what: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await what();
      } catch (reason) {
        if (!(reason instanceof api.ApiError) || reason.status !== 429) throw reason;
        await new Promise((ready) => setTimeout(ready, PATIENCE));
      }
    }
  }

  /** Takes the houses of one's grids along, as they are now. */
  async function take(): Promise<void> {
    const of = user.value;
    if (of === null || busy.value) return;
    busy.value = true;
    error.value = null;
    done.value = 0;
    try {
      const items: api.Item[] = [];
      for (let offset = 0; ; offset += PAGE) {
        const page = await api.items('building', { limit: PAGE, offset });
        items.push(...page.features);
        total.value = page.numberMatched ?? items.length;
        if (page.features.length < PAGE) break;
      }
      await dropHouses();
      const entries: Taken['entries'] = [];
      for (const item of items) {
        const house = await patient(() => api.house(String(item.id)));
        await keepHouse(of, { item, house });
        const { address, code, alias } = item.properties;
        const text = [address, code, alias].filter(Boolean).join(' ');
        entries.push({ id: house.id, text, point: positionOf(item.geometry) });
        done.value += 1;
      }
      await tiles();
      const now: Taken = { at: Date.now(), grids: grids.value.map(({ id }) => id), entries };
      await keepIndex(of, now);
      taken.value = now;
    } catch (reason) {
      error.value = reason;
      taken.value = await readIndex(of);
    } finally {
      busy.value = false;
    }
  }

  /** Has the service worker keep the tiles of one's grids. */
  async function tiles(): Promise<void> {
    const templates = Object.values(stage.value?.map.getStyle().sources ?? {}).flatMap((source) =>
      source.type === 'vector' ? (source.tiles ?? []) : [],
    );
    for (const grid of grids.value) {
      const bounds = boundsOf((await api.item('grid', grid.id)).geometry);
      if (!bounds) continue;
      for (const z of ZOOMS)
        for (const [x, y] of tilesOf(bounds, z))
          for (const template of templates) {
            const address = template
              .replace('{z}', String(z))
              .replace('{x}', String(x))
              .replace('{y}', String(y));
            await fetch(address).catch(() => {});
          }
    }
  }

  async function drop(): Promise<void> {
    await dropHouses();
    taken.value = null;
  }

  /** A house as it was taken along. */
  const house = async (id: string) => (user.value === null ? null : readHouse(user.value, id));
  const search = (query: string) => matching(taken.value?.entries ?? [], query);

  return { taken, done, total, busy, error, possible, load, take, drop, house, search };
});
