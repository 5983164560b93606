import type { StyleSpecification } from 'maplibre-gl';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Catalog, Layer, Text } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import type { Look } from '../map/style';

export interface ThemeGroup {
  id: string;
  title: Text;
  layers: Layer[];
}

/** Themes of the tree with the layers that can be drawn, in the catalog's order; empty themes left out. */
export function groupByTheme(catalog: Catalog, others: Text): ThemeGroup[] {
  const known = new Map<string, ThemeGroup>(
    catalog.themes.map((theme) => [theme.id, { ...theme, layers: [] as Layer[] }]),
  );
  for (const layer of catalog.layers) {
    let group = known.get(layer.theme);
    if (!group) {
      group = { id: layer.theme, title: others, layers: [] };
      known.set(layer.theme, group);
    }
    group.layers.push(layer);
  }
  return [...known.values()].filter((group) => group.layers.length > 0);
}

/** Whether a layer has something to show: features, or none counted yet. */
export function isDrawn(layer: Layer): boolean {
  return layer.geometry !== 'none' && layer.style !== undefined && layer.tiles !== false;
}

/** The catalog and how each of its layers is shown. */
export const useLayers = defineStore('layers', () => {
  const catalog = shallowRef<Catalog | null>(null);
  const style = shallowRef<StyleSpecification | null>(null);
  const status = ref<'loading' | 'ready' | 'failed'>('loading');
  const error = shallowRef<unknown>(null);
  const looks = ref<Record<string, Look>>({});
  // `looks` is replaced as a whole on each change, so that a watcher can compare before and after.
  /** Layers whose tiles failed since they were last asked for. */
  const failed = ref<string[]>([]);

  function fail(reason: unknown): void {
    error.value = reason;
    status.value = 'failed';
  }

  async function load(): Promise<void> {
    status.value = 'loading';
    try {
      const [loaded, drawn] = await Promise.all([api.catalog(), api.style()]);
      looks.value = Object.fromEntries(
        loaded.layers
          .filter(isDrawn)
          .map((layer) => [
            layer.id,
            { visible: layer.style?.visible === true && layer.count !== 0, opacity: 1 },
          ]),
      );
      catalog.value = loaded;
      style.value = drawn;
      status.value = 'ready';
    } catch (reason) {
      fail(reason);
    }
  }

  const counting = useNewest();

  /** Counts anew what each layer holds; how layers are shown stays. Where nobody can be asked, the next change does. */
  async function recount(): Promise<void> {
    await counting.ask(api.catalog, (now) => {
      const counts = new Map(now.layers.map((layer) => [layer.id, layer]));
      const before = catalog.value;
      if (!before) return;
      catalog.value = {
        ...before,
        project: { ...before.project, bounds: now.project.bounds, sequence: now.project.sequence },
        layers: before.layers.map((layer) => {
          const counted = counts.get(layer.id);
          return counted ? { ...layer, count: counted.count, bounds: counted.bounds } : layer;
        }),
      };
    });
  }

  const byId = computed(() => new Map(catalog.value?.layers.map((layer) => [layer.id, layer])));
  const lists = computed(() => catalog.value?.code_lists ?? {});
  const visible = computed(() =>
    (catalog.value?.layers ?? []).filter((layer) => looks.value[layer.id]?.visible).map((layer) => layer.id),
  );

  function setVisible(id: string, on: boolean): void {
    const look = looks.value[id];
    if (look) looks.value = { ...looks.value, [id]: { ...look, visible: on } };
    if (!on) failed.value = failed.value.filter((other) => other !== id);
  }

  /** Shows exactly these layers. */
  function showOnly(ids: string[]): void {
    const wanted = new Set(ids);
    looks.value = Object.fromEntries(
      Object.entries(looks.value).map(([id, look]) => [id, { ...look, visible: wanted.has(id) }]),
    );
  }

  function setOpacity(id: string, opacity: number): void {
    const look = looks.value[id];
    if (look) looks.value = { ...looks.value, [id]: { ...look, opacity } };
  }

  return {
    catalog,
    style,
    status,
    error,
    looks,
    failed,
    byId,
    lists,
    visible,
    load,
    fail,
    recount,
    setVisible,
    showOnly,
    setOpacity,
  };
});
