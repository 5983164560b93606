import { defineStore } from 'pinia';
import { computed, nextTick, ref, shallowRef } from 'vue';
import type { LonLat } from '../api';
import { boundsOf } from '../inspector/geometry';
import { useInspector } from '../inspector/store';
import { stage } from '../map/current';
import type { Drawing, Drawn, Shape } from '../map/drawing';
import { area, distance, length, perimeter } from '../map/geodesy';
import { freePadding } from '../shell/padding';
import { useShell } from '../shell/store';
import { useStatistics } from '../statistics/store';

/** What a drawing is for. */
export type Purpose = 'statistics' | 'distance' | 'area';

const NOTHING: Drawn = { points: [], finished: false, canUndo: false, canRedo: false };

/** The drawing under way or just finished: its purpose, shape, and live measures. */
export const useDraw = defineStore('draw', () => {
  const shell = useShell();
  const statistics = useStatistics();
  const inspector = useInspector();

  const purpose = ref<Purpose | null>(null);
  const shape = ref<Shape>('polygon');
  const drawn = shallowRef<Drawn>(NOTHING);
  let drawing: Drawing | null = null;

  const measures = computed(() => measure(drawn.value.points, shape.value));
  const canFinish = computed(
    () => !drawn.value.finished && drawn.value.points.length >= (shape.value === 'line' ? 2 : 3),
  );

  /** Begins a drawing; a finished one of before is taken away. */
  async function start(of: Purpose, as: Shape): Promise<void> {
    const current = stage.value;
    if (!current) return;
    const { Drawing } = await import('../map/drawing');
    if (!drawing) drawing = new Drawing(current.map, followed);
    inspector.close();
    statistics.clear();
    if (shell.side === 'statistics') shell.side = null;
    if (shell.narrow) {
      shell.layersOpen = false;
      shell.tableOpen = false;
      shell.menuOpen = false;
    }
    purpose.value = of;
    shape.value = as;
    current.inspecting = false;
    drawing.begin(as);
  }

  function followed(now: Drawn): void {
    const justFinished = now.finished && !drawn.value.finished;
    drawn.value = now;
    if (!justFinished) return;
    // The click that ended the shape must not also ask what is there.
    setTimeout(() => {
      if (stage.value && drawn.value.finished) stage.value.inspecting = true;
    }, 350);
    if (purpose.value !== 'statistics') return;
    const counting = shape.value === 'line' ? statistics.ofLine(now.points) : statistics.ofRing(now.points);
    void counting.then(() => show(now.points));
  }

  /** Counts features that are picked one by one, in the place of a drawing. */
  function pick(layer: 'grid' | 'building'): void {
    drawing?.stop();
    drawn.value = NOTHING;
    statistics.clear();
    statistics.picking = layer;
    if (stage.value) stage.value.inspecting = true;
  }

  /** On a phone the answer covers half of the map: what was drawn moves into the other half. */
  async function show(ring: LonLat[]): Promise<void> {
    if (!shell.narrow) return;
    await nextTick();
    const bounds = boundsOf({ type: 'Polygon', coordinates: [ring] });
    if (bounds) stage.value?.fit(bounds, freePadding());
  }

  /** Gives up the drawing, or clears the finished one. */
  function stop(): void {
    drawing?.stop();
    drawn.value = NOTHING;
    purpose.value = null;
    statistics.clear();
    if (shell.side === 'statistics') shell.side = null;
    if (stage.value) stage.value.inspecting = true;
  }

  return {
    purpose,
    shape,
    drawn,
    measures,
    canFinish,
    start,
    pick,
    stop,
    finish: () => drawing?.finish(),
    undo: () => drawing?.undo(),
    redo: () => drawing?.redo(),
  };
});

export interface Measures {
  /** Length of the line or of the ring, in metres. */
  length: number;
  /** Length of the last leg, in metres. */
  last: number;
  /** Area of the ring, in m²; 0 for a line. */
  area: number;
}

/** Length, last leg and area of what is drawn. */
export function measure(points: LonLat[], shape: Shape): Measures {
  const [before, last] = [points[points.length - 2], points[points.length - 1]];
  return {
    length: shape === 'line' ? length(points) : perimeter(points),
    last: before && last ? distance(before, last) : 0,
    area: shape === 'line' ? 0 : area(points),
  };
}
