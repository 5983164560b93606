import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { useNewest } from '../api/newest';
import { useLayers } from '../layers/store';
import { stage } from '../map/current';
import type { Outline } from './geometry/outline';
import { SnapIndex } from './geometry/snap';
import { Borders } from './geometry/trace';
import { loadTargets, type Target, widened } from './targets';

/** Below this zoom a pixel is metres: nothing is snapped to. */
const LEAST_ZOOM = 14;

/** What is being edited: features that stand as they are now, not as the server has them. */
export interface Own {
  ids: Set<string>;
  shapes: Outline[];
}

const NOTHING: Own = { ids: new Set(), shapes: [] };

/** What corners snap to and lines are traced along: shapes of chosen layers around the view. */
export const useSnapping = defineStore('snapping', () => {
  const layers = useLayers();
  const on = ref(true);
  const tracing = ref(false);
  const chosen = ref<string[]>([]);
  const tooMany = ref<string[]>([]);
  const tooFar = ref(false);
  const loaded = shallowRef<Map<string, Target[]>>(new Map());
  const index = shallowRef<SnapIndex | null>(null);
  const borders = shallowRef<Borders | null>(null);
  const edited = ref('');
  const hidden = ref<string[]>([]);
  let own: () => Own = () => NOTHING;
  const { ask, giveUp } = useNewest();

  /** Layers that can be snapped to: what is shown and has edges or points of its own. */
  const offered = computed(() =>
    (layers.catalog?.layers ?? []).filter(
      (layer) =>
        layer.id === edited.value ||
        ((layers.looks[layer.id]?.visible || hidden.value.includes(layer.id)) &&
          !layer.personal &&
          layer.count !== 0),
    ),
  );

  /**
   * Begins with the edited layer, the partitions and the houses that are shown, and with further
   * layers whether they are shown or not.
   */
  function begin(layer: string, shapes: () => Own, also: string[] = []): void {
    edited.value = layer;
    own = shapes;
    hidden.value = also;
    chosen.value = offered.value
      .filter(
        (each) =>
          each.id === layer ||
          each.id === 'building' ||
          also.includes(each.id) ||
          (each.partition && layers.looks[each.id]?.visible),
      )
      .map((each) => each.id);
    stage.value?.map.on('moveend', load);
    void load();
  }

  function end(): void {
    giveUp();
    stage.value?.map.off('moveend', load);
    own = () => NOTHING;
    edited.value = '';
    loaded.value = new Map();
    index.value = null;
    borders.value = null;
  }

  async function load(): Promise<void> {
    const current = stage.value;
    if (!current || !edited.value) return;
    giveUp();
    tooFar.value = current.view().zoom < LEAST_ZOOM;
    if (tooFar.value || !on.value) {
      loaded.value = new Map();
      build();
      return;
    }
    const box = widened(current.bounds(), 0.15);
    const came = await ask(
      (signal) => loadTargets(chosen.value, box, signal),
      (answer) => {
        loaded.value = answer.targets;
        tooMany.value = answer.tooMany;
        build();
      },
    );
    if (came === 'failed') tooMany.value = [];
  }

  function build(): void {
    const { ids, shapes } = own();
    const all = [...shapes];
    for (const [layer, targets] of loaded.value) {
      for (const { id, outline } of targets) if (layer !== edited.value || !ids.has(id)) all.push(outline);
    }
    index.value = on.value && all.length > 0 ? new SnapIndex(all) : null;
    borders.value = index.value && tracing.value ? new Borders(index.value.edges) : null;
  }

  /** Builds anew after an edit; `all` also asks the server, which has something new. */
  function refresh(all = false): void {
    if (all) void load();
    else if (edited.value) build();
  }

  watch([on, chosen], () => void load());
  watch(tracing, build);

  return {
    on,
    tracing,
    chosen,
    tooMany,
    tooFar,
    offered,
    begin,
    end,
    refresh,
    index,
    borders,
  };
});
