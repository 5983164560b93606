import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Coverage, EventTotals, HouseState, Item, Quality, Statistics } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { useEventFigures } from '../events/figures';
import { stage } from '../map/current';
import { today } from '../people/acts';
import { shareColor } from '../people/rounds';
import { yearBefore } from './compared';

export type Tab = 'overview' | 'people' | 'grids' | 'events' | 'rounds' | 'quality';

/** Colours of what came of a house; the worst is the strongest. */
export const STATE_COLORS: Record<HouseState, string> = {
  seen: '#4f9a5b',
  fresh: '#4f9a5b',
  absent: '#e0b12f',
  due: '#e0b12f',
  refused: '#c8372d',
  long: '#c8372d',
  left: '#7c8894',
  never: '#7c8894',
};

/** The figures of the village as a whole and by grid; each asked of the server that makes it. */
export const usePanels = defineStore('panels', () => {
  const figures = useEventFigures();
  const tab = ref<Tab>('overview');
  const villages = shallowRef<Item[]>([]);
  const counts = shallowRef<Statistics | null>(null);
  /** What was counted on the same day of the year before; none for who may not look back. */
  const before = shallowRef<{ on: string; counts: Statistics } | null>(null);
  const indicators = shallowRef<Item[]>([]);
  /** Events by grid; none for who may not count them. */
  const events = shallowRef<EventTotals | null>(null);
  const coverage = shallowRef<Coverage | null>(null);
  const rounds = shallowRef<Item[]>([]);
  const round = ref<string | null>(null);
  const quality = shallowRef<Quality | null>(null);
  /** What has the colour of its coverage on the map: houses by what came of them, grids by how much is done. */
  const shaded = ref<'building' | 'grid' | null>(null);
  /** Declarations of rentals that are to be checked, or were found false. */
  const declarations = shallowRef<Item[]>([]);

  const reading = useNewest();

  async function load(quiet = false): Promise<void> {
    await reading.ask(
      (signal) => read(signal, quiet),
      (put) => put(),
      quiet,
    );
  }

  /** Asks for what the tab shows; gives what puts it there, all together. */
  async function read(signal: AbortSignal, quiet: boolean): Promise<() => void> {
    switch (tab.value) {
      case 'rounds': {
        const [listed, covered, declared] = await Promise.all([
          api.items('survey_round', { limit: 200, offset: 0, sortby: '-due_on' }, signal),
          api.coverage(round.value, signal),
          // Who may not read declarations has the rest.
          api
            .items(
              'rental_declaration',
              { limit: 200, offset: 0, filter: "state <> '已核'", sortby: '-declared_on' },
              signal,
            )
            .catch(() => ({ features: [] })),
        ]);
        return () => {
          rounds.value = listed.features;
          coverage.value = covered;
          declarations.value = declared.features;
          void shade();
        };
      }
      case 'events':
        // They say themselves where they cannot be asked for.
        await figures.load(quiet);
        return () => {};
      case 'quality': {
        const found = await api.quality(signal);
        return () => {
          quality.value = found;
        };
      }
      default: {
        const page = await api.items('village', { limit: 500, offset: 0 }, signal);
        const ids = page.features.map((village) => String(village.id));
        const of = { layer: 'village', ids, rule: 'representative_point', by: 'grid' } as const;
        const on = yearBefore(today());
        // Who may not read indicators, visits or the past has the other figures.
        const allowed = <T>(answer: Promise<T>) => answer.catch(() => null);
        const [counted, past, values, seen, byGrid] = await Promise.all([
          ids.length ? api.statistics(of, signal) : null,
          ids.length ? allowed(api.statistics({ ...of, on }, signal)) : null,
          allowed(api.items('indicator', { limit: 500, offset: 0 }, signal)),
          allowed(api.coverage(null, signal)),
          allowed(api.eventTotals({ by: 'grid' }, signal)),
        ]);
        return () => {
          villages.value = page.features;
          counts.value = counted;
          before.value = past && { on, counts: past };
          indicators.value = values?.features ?? [];
          coverage.value = seen;
          events.value = byGrid;
        };
      }
    }
  }

  function show(next: Tab): Promise<void> {
    tab.value = next;
    if (next !== 'rounds') void unshade();
    return load();
  }

  /** Colours the houses by what came of them, or the grids by how much is done. */
  async function shade(): Promise<void> {
    const [of, what] = [coverage.value, shaded.value];
    if (!of || !what) return;
    const ids = new Map<string, string[]>();
    const add = (color: string, id: string) => {
      const same = ids.get(color);
      if (same) same.push(id);
      else ids.set(color, [id]);
    };
    if (what === 'building') for (const { id, state } of of.houses) add(STATE_COLORS[state], id);
    else
      for (const { id, elements } of of.grids) {
        const color = shareColor(...(elements.屋 ?? [0, 0]));
        if (id && color) add(color, id);
      }
    // What lies in a grid shows through.
    await stage.value?.shade(what, ids, what === 'grid' ? 0.45 : undefined);
  }

  async function unshade(): Promise<void> {
    const what = shaded.value;
    shaded.value = null;
    if (what) await stage.value?.shade(what, null);
  }

  async function toggleShade(what: 'building' | 'grid'): Promise<void> {
    const before = shaded.value;
    await unshade();
    if (before === what) return;
    shaded.value = what;
    await shade();
  }

  return {
    tab,
    villages,
    counts,
    before,
    indicators,
    events,
    coverage,
    declarations,
    rounds,
    round,
    quality,
    status: reading.status,
    error: reading.error,
    shaded,
    load: () => load(),
    recount: () => load(true),
    show,
    toggleShade,
    unshade,
  };
});
