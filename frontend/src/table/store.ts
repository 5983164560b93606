import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { Bounds, Item } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { useLayers } from '../layers/store';
import { stage } from '../map/current';
import { useShell } from '../shell/store';

/** Rows that one request brings. */
export const PAGE = 100;

/** The attribute table: one layer, a page of its rows, sorted, in the view or whole. */
export const useTable = defineStore('table', () => {
  const layers = useLayers();
  const shell = useShell();

  const layerId = ref<string | null>(null);
  const inView = ref(false);
  const sort = ref<{ field: string; down: boolean } | null>(null);
  const page = ref(0);
  const rows = shallowRef<Item[]>([]);
  const total = ref<number | null>(null);
  /** Rows that the reader ticked, over all pages of the layer. */
  const picked = ref<Set<string>>(new Set());
  const { status, error, ask } = useNewest();

  const layer = computed(() => (layerId.value ? layers.byId.get(layerId.value) : undefined));
  const pages = computed(() => (total.value === null ? null : Math.max(1, Math.ceil(total.value / PAGE))));

  /** Asks for the page of rows; quietly where rows that stand there only may have changed. */
  async function load(quiet = false): Promise<void> {
    const id = layerId.value;
    if (!id) return;
    const bbox: Bounds | undefined = inView.value ? stage.value?.bounds() : undefined;
    const wanted = {
      limit: PAGE,
      offset: page.value * PAGE,
      bbox,
      sortby: sort.value ? `${sort.value.down ? '-' : ''}${sort.value.field}` : undefined,
    };
    await ask(
      (signal) => api.items(id, wanted, signal),
      (answer) => {
        rows.value = answer.features;
        total.value = answer.numberMatched ?? null;
      },
      quiet,
    );
  }

  /** Shows a layer's rows from the first on. */
  function show(id: string): Promise<void> {
    if (layerId.value !== id) {
      layerId.value = id;
      picked.value = new Set();
      sort.value = null;
      rows.value = [];
      total.value = null;
      if (layers.byId.get(id)?.geometry === 'none') inView.value = false;
    }
    page.value = 0;
    return load();
  }

  /** Opens the table with the layer that it showed, else the first visible one. */
  function open(): void {
    shell.tableOpen = true;
    const first = layerId.value ?? firstUseful();
    if (first) void show(first);
  }

  function firstUseful(): string | undefined {
    if (layers.visible.includes('building')) return 'building';
    return layers.visible[0] ?? layers.catalog?.layers.find((candidate) => !candidate.personal)?.id;
  }

  /** Ascending, then descending, then as stored. */
  function sortBy(field: string): void {
    const now = sort.value;
    if (now?.field !== field) sort.value = { field, down: false };
    else sort.value = now.down ? null : { field, down: true };
    page.value = 0;
    void load();
  }

  function turn(by: number): void {
    page.value = Math.max(0, Math.min(page.value + by, (pages.value ?? page.value + 2) - 1));
    void load();
  }

  /** Ticks rows, or takes their ticks away. */
  function pick(ids: string[], on: boolean): void {
    const now = new Set(picked.value);
    for (const id of ids) {
      if (on) now.add(id);
      else now.delete(id);
    }
    picked.value = now;
  }

  /** Where the rows are fetched as a file: those ticked, those in view, or all. */
  function exported(scope: 'picked' | 'view' | 'all', format: api.ExportFormat): string {
    return api.exportAddress(layerId.value ?? '', format, {
      ...(scope === 'picked' ? { ids: [...picked.value] } : {}),
      ...(scope === 'view' ? { bbox: stage.value?.bounds() } : {}),
      sortby: sort.value ? `${sort.value.down ? '-' : ''}${sort.value.field}` : undefined,
    });
  }

  /** The map came to rest: what is in view may have changed. */
  function viewChanged(): void {
    if (!shell.tableOpen || !inView.value) return;
    page.value = 0;
    void load();
  }

  watch(inView, () => {
    page.value = 0;
    void load();
  });

  return {
    layerId,
    layer,
    inView,
    sort,
    page,
    pages,
    rows,
    total,
    picked,
    pick,
    exported,
    status,
    error,
    load: () => load(),
    reload: () => load(true),
    show,
    open,
    sortBy,
    turn,
    viewChanged,
  };
});
