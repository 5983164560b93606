import type { Geometry, MultiPolygon, Polygon } from 'geojson';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { Bounds, LonLat } from '../api';
import * as api from '../api';
import { type Came, useNewest } from '../api/newest';
import type { Ground, Outline, Step, Suggestion } from '../api/renewal';
import * as renewal from '../api/renewal';
import type { Canvas } from '../editing/canvas';
import { outlineOf } from '../editing/geometry/outline';
import { useSnapping } from '../editing/snapping';
import { begin, redo, type Steps, step, undo } from '../editing/steps';
import { useEditing } from '../editing/store';
import { boundsOf, contains } from '../inspector/geometry';
import { useInspector } from '../inspector/store';
import { useLayers } from '../layers/store';
import { useLive } from '../live/store';
import { stage } from '../map/current';
import { useDraw } from '../measure/store';
import { freePadding } from '../shell/padding';
import { useShell } from '../shell/store';
import type { Board } from './board';
import { encloses, GRID, joined, type Sign, toggled } from './recipe';

/** What the pointer does on the drawing table. */
export type Tool = 'pick' | 'lasso' | 'cut' | 'area';

/** Grids that are loaded to be hovered over: a district has fewer. */
const MOST_GRIDS = 10_000;

interface Grid {
  id: string;
  box: Bounds;
  geometry: Polygon | MultiPolygon;
}

/** What the outline would become by what the pointer is about to do. */
interface Wish {
  /** What it is about: what is asked twice is answered once. */
  key: string;
  steps: Step[];
  /** The feature under the pointer. */
  under: Geometry | null;
}

/** Layers that a cut runs along, shown or not: roads, parcels, boundaries. */
const BORDERS = ['road', 'parcel', 'co_op'];

/** The drawing table: the outline under way, what it holds, and what the pointer would change of it. */
export const useRenewal = defineStore('renewal', () => {
  const shell = useShell();
  const draw = useDraw();
  const inspector = useInspector();
  const editing = useEditing();
  const snapping = useSnapping();
  const live = useLive();
  const layers = useLayers();

  const steps = shallowRef<Steps<Step[]> | null>(null);
  const open = computed(() => steps.value !== null);
  /** The unit that is drawn anew; none for one to come. */
  const unit = ref<{ id: string; name: string } | null>(null);
  /** The variant that is worked on. */
  const variant = ref<{ id: string; name: string } | null>(null);
  const tool = ref<Tool>('pick');
  const sign = ref<Sign>('add');
  const layer = ref(GRID);
  const outline = shallowRef<Outline | null>(null);
  const preview = shallowRef<Outline | null>(null);
  const outlining = useNewest();
  const growing = useNewest();
  const gridding = useNewest();
  const busy = computed(() => outlining.busy.value || growing.busy.value);
  const { error } = outlining;
  /** A line that was drawn: the next click says which piece to give up. */
  const line = shallowRef<LonLat[] | null>(null);
  const grids = shallowRef<Grid[]>([]);
  const under = shallowRef<Geometry | null>(null);
  const dirty = ref(false);
  /** Hectares that a unit shall grow to from where is clicked next. */
  const seeding = ref<renewal.Target | null>(null);
  const suggestions = shallowRef<Suggestion[] | null>(null);
  const suggested = shallowRef<Suggestion | null>(null);

  let board: Board | null = null;
  let canvas: Canvas | null = null;
  let looking = false;
  /** What to look at next; the last wish while a question is under way. */
  let wanted: (() => Wish | null | Promise<Wish | null>) | null = null;
  /** What the preview is about. */
  let looked = '';
  /** Grows with every outline: what was asked of an earlier one is not shown. */
  let turn = 0;
  /** The feature that was under the pointer last, of a layer that is not loaded. */
  let found: Grid | null = null;

  const canUndo = computed(() => (steps.value?.before.length ?? 0) > 0);
  const canRedo = computed(() => (steps.value?.after.length ?? 0) > 0);
  const chosen = computed(() => new Set(outline.value?.grids.map((own) => own.id)));

  /** Lays an outline on the table: of a unit, of a variant, or an empty one. */
  async function start(
    from: Step[] = [],
    of: { unit?: { id: string; name: string } | null; variant?: { id: string; name: string } | null } = {},
  ): Promise<void> {
    const current = stage.value;
    if (!current || editing.session) return;
    draw.stop();
    inspector.close();
    current.inspecting = false;
    const { Board } = await import('./board');
    board ??= new Board(current.map, { hovered, clicked: (point) => void clicked(point), lassoing, lassoed });
    shell.side = 'renewal';
    unit.value = of.unit ?? null;
    variant.value = of.variant ?? null;
    steps.value = begin(from);
    dirty.value = false;
    outline.value = null;
    use('pick');
    void loadGrids();
    await ask();
    const laid = outline.value as Outline | null;
    if (laid?.geometry) show(laid.geometry);
    else if (shell.narrow && layers.catalog?.project.bounds)
      current.fit(layers.catalog.project.bounds, freePadding());
  }

  /** Clears the table. */
  function stop(): void {
    outlining.giveUp();
    growing.giveUp();
    gridding.giveUp();
    dropCanvas();
    board?.destroy();
    board = null;
    steps.value = null;
    outline.value = null;
    forget();
    unit.value = null;
    variant.value = null;
    seeding.value = null;
    suggestions.value = null;
    suggested.value = null;
    if (stage.value) stage.value.inspecting = true;
  }

  async function loadGrids(): Promise<void> {
    await gridding.ask(allGrids, grids);
  }

  async function allGrids(signal: AbortSignal): Promise<Grid[]> {
    const all: Grid[] = [];
    for (let offset = 0; offset < MOST_GRIDS; offset += 1000) {
      const page = await api.items(GRID, { limit: 1000, offset, properties: ['code'] }, signal);
      for (const feature of page.features) {
        const box = boundsOf(feature.geometry);
        if (box && feature.geometry) {
          all.push({ id: String(feature.id), box, geometry: feature.geometry as Polygon | MultiPolygon });
        }
      }
      if (page.features.length < 1000) break;
    }
    return all;
  }

  function show(geometry: Geometry): void {
    const bounds = boundsOf(geometry);
    if (bounds) stage.value?.fit(bounds, freePadding());
  }

  /** Works the outline out anew; a newer question takes the place of one under way. */
  async function ask(): Promise<Came> {
    const now = steps.value?.now;
    if (!now) return 'dropped';
    forget();
    const came = await outlining.ask(
      (signal) => renewal.outline(now, unit.value?.id ?? null, signal),
      outline,
    );
    // What cannot be done is no step.
    if (came === 'failed' && canUndo.value && steps.value) steps.value = { ...undo(steps.value), after: [] };
    void look();
    return came;
  }

  async function put(next: Step[]): Promise<void> {
    if (!steps.value) return;
    steps.value = step(steps.value, next);
    dirty.value = true;
    // A lasso is kept by what it was around.
    if ((await ask()) === 'taken' && outline.value && steps.value.now === next) {
      steps.value = { ...steps.value, now: outline.value.steps };
    }
  }

  const add = (of: Sign, ground: Ground) => put(joined(steps.value?.now ?? [], of, ground));

  function back(): void {
    if (canvas?.sketching) canvas.back();
    else if (steps.value && canUndo.value) {
      steps.value = undo(steps.value);
      void ask();
    }
  }

  function again(): void {
    if (canvas?.canRedo) canvas.again();
    else if (steps.value && canRedo.value) {
      steps.value = redo(steps.value);
      void ask();
    }
  }

  function dropCanvas(): void {
    canvas?.destroy();
    canvas = null;
    snapping.end();
    line.value = null;
  }

  /** Takes up a tool. */
  function use(next: Tool): void {
    tool.value = next;
    error.value = null;
    dropCanvas();
    forget();
    board?.use(next === 'pick' || next === 'lasso' ? next : 'none');
    if (next === 'cut' || next === 'area') void drawWith(next);
  }

  async function drawWith(next: 'cut' | 'area'): Promise<void> {
    const current = stage.value;
    if (!current) return;
    const { Canvas } = await import('../editing/canvas');
    if (tool.value !== next || !open.value) return;
    canvas = new Canvas(current.map, {
      move: () => {},
      insert: () => {},
      remove: () => {},
      drawn,
      sketched: ({ points }) => sketched(points),
    });
    canvas.use(next === 'cut' ? 'split' : 'part', 'polygon');
    snapping.begin(
      GRID,
      () => {
        const own = outlineOf(outline.value?.geometry ?? null);
        return { ids: new Set(), shapes: own ? [own] : [] };
      },
      BORDERS,
    );
    snapping.tracing = true;
  }
  watch([() => snapping.index, () => snapping.borders], ([index, borders]) => {
    if (!canvas || !open.value) return;
    canvas.snapping = index;
    canvas.borders = borders;
  });

  function drawn(points: LonLat[]): void {
    if (tool.value === 'area') {
      const ring = [...points, points[0] as LonLat];
      void add(sign.value, { area: { type: 'Polygon', coordinates: [ring] } });
      return;
    }
    line.value = points;
    canvas?.destroy();
    canvas = null;
    board?.use('pick');
  }

  function finish(): void {
    canvas?.finish();
  }

  async function clicked(point: LonLat): Promise<void> {
    if (line.value) {
      const knife = line.value;
      line.value = null;
      await put([
        ...(steps.value?.now ?? []),
        { cut: { line: { type: 'LineString', coordinates: knife }, drop: point } },
      ]);
      use('pick');
      return;
    }
    if (seeding.value !== null) {
      await grow(point, seeding.value);
      return;
    }
    if (tool.value !== 'pick') return;
    if (layer.value === GRID) {
      const grid = gridAt(point);
      if (grid) await pick(grid.id);
      return;
    }
    try {
      const found = (await api.lookup(point)).at[layer.value]?.[0];
      if (found) await add(sign.value, { layer: layer.value, ids: [found.id] });
    } catch (reason) {
      error.value = reason;
    }
  }

  /** Takes a grid in, or out again. */
  const pick = (grid: string) => put(toggled(steps.value?.now ?? [], grid, chosen.value.has(grid)));

  /** Asks for units that grow from a point; the best is shown. */
  async function grow(seed: LonLat, target: renewal.Target): Promise<void> {
    seeding.value = null;
    error.value = null;
    const came = await growing.ask(
      (signal) => renewal.suggest(seed, layer.value, target, unit.value?.id ?? null, signal),
      (found) => {
        suggestions.value = found;
        suggested.value = found[0] ?? null;
        if (suggested.value) show(suggested.value.geometry);
      },
    );
    if (came === 'failed') error.value = growing.error.value;
  }

  /** Lays a suggestion on the table. */
  async function take(suggestion: Suggestion): Promise<void> {
    suggestions.value = null;
    suggested.value = null;
    await put(suggestion.steps);
  }

  function lassoed(around: Polygon): void {
    void add(sign.value, { layer: layer.value, lasso: around });
  }

  function gridAt([x, y]: LonLat): Grid | null {
    return (
      grids.value.find(
        ({ box, geometry }) =>
          x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && contains(geometry, [x, y]),
      ) ?? null
    );
  }

  /** Forgets what the pointer was about. */
  function forget(): void {
    turn += 1;
    wanted = null;
    looked = '';
    preview.value = null;
    under.value = null;
  }

  const now = () => steps.value?.now ?? [];

  /** Follows the pointer: what the outline would hold with what is under it taken in or out. */
  function hovered(point: LonLat | null): void {
    const picks = open.value && seeding.value === null && (tool.value === 'pick' || line.value !== null);
    if (!point || !picks) {
      if (looked || under.value || wanted) forget();
    } else if (line.value) {
      const knife = line.value;
      wish(() => parted(knife, point));
    } else if (layer.value === GRID) {
      const grid = gridAt(point);
      if (!grid) forget();
      else if (under.value !== grid.geometry) {
        forget();
        under.value = grid.geometry;
        wish(() => ({
          key: grid.id,
          steps: toggled(now(), grid.id, chosen.value.has(grid.id)),
          under: grid.geometry,
        }));
      }
    } else {
      const of = layer.value;
      wish(() => featureAt(of, point));
    }
  }

  /** The piece under the pointer given up. */
  function parted(knife: LonLat[], drop: LonLat): Wish | null {
    const whole = outline.value?.geometry as Polygon | MultiPolygon | null | undefined;
    if (!whole || !contains(whole, drop)) return null;
    const kept = preview.value?.geometry as Polygon | MultiPolygon | null | undefined;
    // What is shown gave this piece up already.
    const same = looked.startsWith('cut') && kept && !contains(kept, drop);
    return {
      key: same ? looked : `cut ${drop.join()}`,
      steps: [...now(), { cut: { line: { type: 'LineString', coordinates: knife }, drop } }],
      under: null,
    };
  }

  /** The feature of a layer under the pointer. */
  async function featureAt(of: string, point: LonLat): Promise<Wish | null> {
    const [x, y] = point;
    const here = ({ box: [west, south, east, north], geometry }: Grid) =>
      x >= west && x <= east && y >= south && y <= north && contains(geometry, point);
    if (!found || !here(found)) {
      const id = (await api.lookup(point)).at[of]?.[0]?.id;
      const feature = id ? await api.item(of, id) : null;
      const box = boundsOf(feature?.geometry ?? null);
      if (!id || !box || !feature?.geometry) return null;
      found = { id, box, geometry: feature.geometry as Polygon | MultiPolygon };
    }
    const { id, geometry } = found;
    return {
      key: `${of} ${id}`,
      steps: joined(now(), sign.value, { layer: of, ids: [id] }),
      under: geometry,
    };
  }

  /** An area that is being drawn, up to the pointer. */
  function sketched(points: LonLat[]): void {
    const ring = [...points, points[0] as LonLat];
    if (tool.value !== 'area' || points.length < 3 || !encloses(ring)) return;
    wish(() => ({
      key: `area ${points.join()}`,
      steps: joined(now(), sign.value, { area: { type: 'Polygon', coordinates: [ring] } }),
      under: null,
    }));
  }

  function lassoing(around: Polygon): void {
    const of = { layer: layer.value, lasso: around };
    if (!encloses((around.coordinates[0] ?? []) as LonLat[])) return;
    wish(() => ({
      key: `lasso ${around.coordinates[0]?.length}`,
      steps: joined(now(), sign.value, of),
      under: null,
    }));
  }

  function wish(for_: () => Wish | null | Promise<Wish | null>): void {
    wanted = for_;
    void look();
  }

  /** One question at a time: while one is under way only the last wish is kept. */
  async function look(): Promise<void> {
    if (looking || !wanted || !steps.value || busy.value) return;
    looking = true;
    const [mine, asked] = [turn, wanted];
    wanted = null;
    try {
      const own = await asked();
      if (mine !== turn) return;
      if (!own) {
        looked = '';
        under.value = null;
        preview.value = null;
      } else if (own.key !== looked) {
        under.value = own.under;
        const answer = await renewal.outline(own.steps, unit.value?.id ?? null);
        if (mine === turn) [preview.value, looked] = [answer, own.key];
      }
    } catch {
      // What cannot be done has no preview; the click says why.
      if (mine === turn) [preview.value, looked] = [null, ''];
    } finally {
      looking = false;
      if (wanted) void look();
    }
  }

  watch([outline, preview, under, suggested], () => {
    board?.show({
      outline: outline.value?.geometry ?? null,
      preview: suggested.value?.geometry ?? preview.value?.geometry ?? null,
      under: under.value,
      conflicts: [...(outline.value?.conflicts ?? []), ...(preview.value?.conflicts ?? [])].map(
        (conflict) => conflict.geometry,
      ),
      slivers: (outline.value?.slivers ?? []).map((sliver) => sliver.place),
      remainders: (outline.value?.remainders ?? []).map((rest) => rest.geometry),
    });
  });
  // A grid that somebody moves moves the outline.
  live.onEach((change) => {
    if (open.value && (!change || ['grid', 'renewal_unit', layer.value].includes(change.layer))) {
      void loadGrids();
      void ask();
    }
  });
  watch(
    () => editing.session,
    (session) => {
      if (session) stop();
    },
  );
  watch(
    () => draw.purpose,
    (purpose) => {
      if (purpose) stop();
    },
  );

  return {
    open,
    unit,
    variant,
    steps,
    tool,
    sign,
    layer,
    outline,
    preview,
    under,
    busy,
    error,
    line,
    dirty,
    seeding,
    suggestions,
    suggested,
    take,
    canUndo,
    canRedo,
    start,
    stop,
    pick,
    use,
    back,
    again,
    finish,
    show,
    fill: (area: Geometry) => add('add', { area: area as Polygon }),
    clear: () => put([]),
  };
});
