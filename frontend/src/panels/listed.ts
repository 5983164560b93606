import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { BehindPage, Bounds, FeatureList, HouseList, LonLat } from '../api';
import { useNewest } from '../api/newest';
import { stage } from '../map/current';
import { freePadding } from '../shell/padding';
import { type Side, useShell } from '../shell/store';
import { shadesOf } from './shades';

/** Rows that one request brings, and all that the map is coloured by. */
const PAGE = 100;
const ALL = 50_000;

/** The number that was touched. */
export interface Touched {
  /** What is counted, with its place where that is not the whole. */
  title: string;
  /** What it is counted in; 栋 or 宗 where each feature counts itself. */
  unit: string;
  ask: (page: BehindPage, signal: AbortSignal) => Promise<HouseList | FeatureList | PartList>;
}

/** A feature with its part in a number. */
export interface Part {
  id: string;
  title: string;
  /** What else is told of it in the list. */
  more: string[];
  /** The code of the field that its layer is coloured by. */
  state?: string | undefined;
  /** What it adds to the number; 1 where it counts itself. */
  count: number;
  area_m2?: number | undefined;
  point?: LonLat | undefined;
}

/** What a number is made of. */
export interface PartList {
  layer: string;
  total: number;
  matched: number;
  /** The part of what is counted and not shown. */
  elsewhere: number;
  bbox?: Bounds | undefined;
  as_of: string;
  rows: Part[];
}

function partsOf(answer: HouseList | FeatureList | PartList): PartList {
  if ('elsewhere' in answer && 'layer' in answer) return answer;
  if ('layer' in answer) {
    const { rows, ...rest } = answer;
    const parts = rows.map((row) => ({ ...row, title: row.name, more: [], count: 1 }));
    return { ...rest, elsewhere: answer.total - answer.matched, rows: parts };
  }
  const rows = answer.rows.map(({ id, address, code, grid, count, point }) => ({
    id,
    title: address || code || id,
    more: [grid, code].filter(Boolean),
    count,
    point: point as LonLat | undefined,
  }));
  return { ...answer, layer: 'building', rows };
}

/** What a number is made of: its list, and from there the map. */
export const useListed = defineStore('listed', () => {
  const shell = useShell();
  const touched = shallowRef<Touched | null>(null);
  /** The panel in which the number stands. */
  let where: Side = null;
  const list = shallowRef<PartList | null>(null);
  const asking = useNewest();
  const colouring = useNewest();
  const error = computed(() => asking.error.value ?? colouring.error.value);
  const busy = computed(() => asking.busy.value || colouring.busy.value);
  /** Whether the map has them in colours, by their part. */
  const onMap = ref(false);
  const shades = shallowRef<ReturnType<typeof shadesOf>>([]);

  async function read(limit: number): Promise<void> {
    const of = touched.value;
    if (!of) return;
    colouring.giveUp();
    const came = await asking.ask(
      (signal) => of.ask({ limit, offset: 0 }, signal),
      (answer) => {
        list.value = partsOf(answer);
      },
    );
    if (came !== 'taken' || !onMap.value) return;
    await colouring.ask(
      (signal) => of.ask({ limit: ALL, offset: 0 }, signal),
      (all) => void colour(partsOf(all)),
    );
  }

  async function colour(all: PartList): Promise<void> {
    shades.value = shadesOf(all.rows.map((row) => row.count));
    const ids = new Map(shades.value.map((shade) => [shade.color, [] as string[]]));
    const dots: { at: LonLat; color: string }[] = [];
    for (const { id, count, point } of all.rows) {
      const color = shades.value.find((one) => count <= one.most)?.color;
      if (!color) continue;
      ids.get(color)?.push(id);
      if (point) dots.push({ at: point, color });
    }
    await stage.value?.shade(all.layer, ids);
    await stage.value?.dots(dots);
  }

  function uncolour(): void {
    if (list.value) void stage.value?.shade(list.value.layer, null);
    void stage.value?.dots(null);
  }

  function open(of: Touched): Promise<void> {
    close();
    touched.value = of;
    where = shell.side;
    return read(PAGE);
  }

  /** The next rows of the list, after those that are there. */
  const more = () => read((list.value?.rows.length ?? 0) + PAGE);
  /** Asks again: something changed on the server. */
  const reload = () => read(Math.max(PAGE, list.value?.rows.length ?? 0));

  async function toggleMap(): Promise<void> {
    onMap.value = !onMap.value;
    if (onMap.value) {
      const bounds = list.value?.bbox;
      if (bounds) stage.value?.fit(bounds, freePadding(), 17.5);
      await reload();
    } else uncolour();
  }

  function close(): void {
    asking.giveUp();
    colouring.giveUp();
    if (onMap.value) uncolour();
    onMap.value = false;
    touched.value = null;
    list.value = null;
  }

  // From a house of the list one comes back to it.
  watch(
    () => shell.side,
    (side) => {
      if (side !== where && side !== 'inspector') close();
    },
  );

  return {
    touched,
    list,
    error,
    busy,
    onMap,
    shades,
    isOpen: computed(() => touched.value !== null),
    open,
    more,
    reload,
    toggleMap,
    close,
  };
});
