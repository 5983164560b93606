import type { Geometry } from 'geojson';
import { defineStore } from 'pinia';
import { computed, nextTick, ref, shallowRef, watch } from 'vue';
import type { Fault, Layer, LonLat, Properties } from '../api';
import * as api from '../api';
import { boundsOf } from '../inspector/geometry';
import { useInspector } from '../inspector/store';
import { useLanguage } from '../language';
import { useLayers } from '../layers/store';
import { touches, useLive } from '../live/store';
import { stage } from '../map/current';
import { area, length, perimeter } from '../map/geodesy';
import { useDraw } from '../measure/store';
import { freePadding } from '../shell/padding';
import { useShell } from '../shell/store';
import type { Canvas, Sketch, Tool } from './canvas';
import { useDrafting } from './drafting';
import { faultsOf } from './form';
import { crossing } from './geometry/crossing';
import {
  addHole,
  addPart,
  fewest,
  type Kind,
  type Outline,
  outlineFrom,
  outlineOf,
} from './geometry/outline';
import { insertShared, moveShared, type Outlines, removeShared } from './geometry/shared';
import { neighboursOf } from './neighbours';
import { firstValues } from './numbering';
import { useSaving } from './saving';
import { featureOf, type Held, isDirty, MAIN, open, type Session, type State } from './session';
import { readConflict } from './settle';
import { type Own, useSnapping } from './snapping';
import { begin, redo, type Steps, step, undo } from './steps';

const KIND: Record<Layer['geometry'], Kind | null> = {
  none: null,
  point: 'point',
  line: 'line',
  polygon: 'polygon',
  any: 'polygon',
};

const NO_SKETCH: Sketch = { points: [], fixed: 0, undone: false };

/** The edit under way: what is edited, with which tool, what can be undone, and what is wrong with it. */
export const useEditing = defineStore('editing', () => {
  const layers = useLayers();
  const shell = useShell();
  const inspector = useInspector();
  const live = useLive();
  const draw = useDraw();
  const snapping = useSnapping();
  const drafting = useDrafting();
  const { t } = useLanguage();

  const session = shallowRef<Session | null>(null);
  const steps = shallowRef<Steps<State> | null>(null);
  const state = computed(() => steps.value?.now ?? null);
  const tool = ref<Tool>('reshape');
  const kind = ref<Kind>('polygon');
  const opening = ref(false);
  const error = shallowRef<unknown>(null);
  /** Faults that the server found, until the next change. */
  const refused = shallowRef<Fault[]>([]);
  const touched = ref<string[]>([]);
  /** Somebody else changed what is edited. */
  const outdated = ref<string | null>(null);
  const warnings = ref<string[]>([]);
  const sketch = shallowRef<Sketch>(NO_SKETCH);
  let canvas: Canvas | null = null;
  const layer = computed(() => session.value?.layer ?? null);
  const outline = computed(() => state.value?.outlines.get(MAIN) ?? null);
  const dirty = computed(() => Boolean(session.value && state.value && isDirty(session.value, state.value)));
  const sketching = computed(() => sketch.value.fixed > 0);
  const canUndo = computed(() => sketching.value || (steps.value?.before.length ?? 0) > 0);
  const canRedo = computed(() => (steps.value?.after.length ?? 0) > 0 || sketch.value.undone);
  const canFinish = computed(() => {
    if (tool.value === 'reshape') return false;
    return sketch.value.fixed >= (tool.value === 'split' ? 2 : fewest(kind.value));
  });
  const faults = computed(() =>
    session.value && state.value
      ? faultsOf(session.value.layer, state.value.values, layers.lists, t.value)
      : {},
  );
  /** What is wrong, by field: the server's word, else the catalog's where the field was touched. */
  const problems = computed(() => {
    const found: Record<string, string> = {};
    for (const [field, message] of Object.entries(faults.value)) {
      if (touched.value.includes(field)) found[field] = message;
    }
    for (const fault of refused.value) {
      if (fault.field && !(fault.field in found)) found[fault.field] = fault.message;
    }
    return found;
  });
  const crossed = computed(() => (outline.value ? crossing(outline.value) : null));
  const measures = computed(() => {
    if (sketch.value.points.length > 1) {
      const ring = sketch.value.points;
      return kind.value === 'polygon' && tool.value !== 'split'
        ? { area: area(ring), length: perimeter(ring) }
        : { area: 0, length: length(ring) };
    }
    const now = outline.value;
    if (now?.kind !== 'polygon') return null;
    let [whole, round] = [0, 0];
    for (const rings of now.parts) {
      for (const [index, ring] of rings.entries()) {
        whole += (index === 0 ? 1 : -1) * area(ring as LonLat[]);
        round += perimeter(ring as LonLat[]);
      }
    }
    return { area: whole, length: round };
  });

  async function canvasNow(): Promise<Canvas | null> {
    const current = stage.value;
    if (!current) return null;
    if (canvas) return canvas;
    const { Canvas } = await import('./canvas');
    canvas = new Canvas(current.map, {
      move: (from, to, finished) => moved(from, to, finished),
      insert: (a, b, point) => put((outlines) => insertShared(outlines, a, b, point)),
      remove: (point) => put((outlines) => removeShared(outlines, point)),
      drawn,
      sketched: (now) => {
        sketch.value = now;
      },
    });
    return canvas;
  }

  function enter(): void {
    draw.stop();
    inspector.close();
    if (shell.narrow) {
      shell.layersOpen = false;
      shell.tableOpen = false;
      shell.menuOpen = false;
    }
    shell.side = 'editing';
    if (stage.value) stage.value.inspecting = false;
  }

  async function begun(now: Session, at: Steps<State>, as: Tool, of: Kind | null): Promise<void> {
    session.value = now;
    steps.value = at;
    error.value = null;
    refused.value = [];
    touched.value = [];
    outdated.value = null;
    warnings.value = [];
    drafting.found = null;
    if (of) kind.value = of;
    if (layers.looks[now.layer.id]?.visible === false) layers.setVisible(now.layer.id, true);
    const board = of ? await canvasNow() : null;
    if (board) {
      snapping.begin(now.layer.id, own);
      use(as);
      paint();
      // A phone shows the map first; the form is one tap away.
      if (shell.narrow) shell.side = null;
    }
  }

  /** What is edited, for snapping: a hole snaps to its own outer ring, a moved corner not to itself. */
  function own(): Own {
    const held = session.value;
    const ids = new Set([...(held?.held ? [held.held.id] : []), ...(held?.others.keys() ?? [])]);
    const shapes = [...(state.value?.outlines ?? [])]
      .filter(([key]) => key !== MAIN || tool.value !== 'reshape')
      .map(([, shape]) => shape);
    return { ids, shapes };
  }

  watch([() => snapping.index, () => snapping.borders], ([index, borders]) => {
    if (!canvas) return;
    canvas.snapping = index;
    canvas.borders = borders;
  });

  /** Begins a new feature of a layer. */
  async function create(id: string): Promise<void> {
    const described = layers.byId.get(id);
    if (!described || !(await leave())) return;
    const now = open(described, null, [], await firstValues(described));
    enter();
    await begun(now, begin(now.initial), 'draw', KIND[described.geometry]);
  }

  /** Begins to edit a feature. */
  async function edit(id: string, feature: string): Promise<void> {
    const described = layers.byId.get(id);
    if (!described || opening.value || !(await leave())) return;
    opening.value = true;
    error.value = null;
    try {
      const { item, version } = await api.versioned(id, feature);
      const held: Held = { id: feature, version, base: item };
      const others = described.partition ? await neighboursOf(id, item) : [];
      enter();
      const now = open(described, held, others);
      const outlineKind = outlineOf(item.geometry)?.kind ?? KIND[described.geometry];
      await begun(now, begin(now.initial), item.geometry ? 'reshape' : 'draw', outlineKind);
      await goTo(item.geometry);
    } catch (reason) {
      error.value = reason;
      shell.side = 'editing';
    } finally {
      opening.value = false;
    }
  }

  /** Shows a shape whole, once the panels have taken their places. */
  async function goTo(geometry: Geometry | null): Promise<void> {
    const bounds = boundsOf(geometry);
    if (!bounds) return;
    await nextTick();
    stage.value?.fit(bounds, freePadding(), 19);
  }

  /** Goes on with the draft that was kept. */
  async function resume(): Promise<void> {
    const kept = drafting.found;
    const described = kept && layers.byId.get(kept.layer);
    if (!kept || !described) return;
    enter();
    const held = kept.id && kept.base ? { id: kept.id, version: kept.version ?? 0, base: kept.base } : null;
    const now = open(
      described,
      held,
      kept.others.map(({ id, version, base }) => ({ id, version, base })),
    );
    const outlines = new Map(now.initial.outlines);
    if (kept.outline) outlines.set(MAIN, kept.outline);
    for (const { id, outline: shape } of kept.others) outlines.set(id, shape);
    const at = step(begin(now.initial), { outlines, values: kept.values });
    const draws = KIND[described.geometry] !== null && !kept.outline;
    await begun(now, at, draws ? 'draw' : 'reshape', kept.outline?.kind ?? KIND[described.geometry]);
    await goTo(featureOf(now, at.now).geometry);
    // What is kept may be old: somebody may have gone on meanwhile.
    void look();
  }

  /** Tells the reader something that is no refusal. */
  function warn(words: string[]): void {
    warnings.value = words;
  }

  function use(next: Tool): void {
    tool.value = next;
    canvas?.use(next, kind.value);
    snapping.refresh();
  }

  function paint(shown?: State): void {
    const now = shown ?? state.value;
    const held = session.value;
    if (!canvas || !now || !held) return;
    const others = [...now.outlines]
      .filter(([key, shape]) => key !== MAIN && shape !== held.initial.outlines.get(key))
      .map(([, shape]) => shape);
    const places = refused.value.flatMap((fault) => (fault.place ? [fault.place] : []));
    canvas.show({
      main: now.outlines.get(MAIN) ?? null,
      others,
      faults: crossed.value ? [crossed.value, ...places] : places,
    });
  }

  function took(next: State): void {
    if (!steps.value) return;
    steps.value = step(steps.value, next);
    refused.value = [];
    error.value = null;
    paint();
    snapping.refresh();
  }

  function put(change: (outlines: Outlines) => Outlines): void {
    if (!state.value) return;
    const outlines = change(state.value.outlines);
    if (outlines !== state.value.outlines) took({ ...state.value, outlines });
  }

  function moved(from: LonLat, to: LonLat, finished: boolean): void {
    if (!state.value) return;
    const outlines = moveShared(state.value.outlines, from, to);
    if (finished) {
      took({ ...state.value, outlines });
    } else {
      paint({ ...state.value, outlines });
    }
  }

  function drawn(points: LonLat[]): void {
    if (!state.value) return;
    if (tool.value === 'split') {
      void useSaving().split(points);
      return;
    }
    const before = outline.value;
    let after: Outline | null;
    if (tool.value === 'hole' && before) after = addHole(before, points);
    else if (tool.value === 'part' && before) after = addPart(before, points);
    else after = outlineFrom(kind.value, points);
    if (!after) {
      warnings.value = [t.value.editing.holeOutside];
      use('reshape');
      return;
    }
    const shape = after;
    warnings.value = [];
    put((outlines) => new Map([...outlines, [MAIN, shape]]));
    use('reshape');
  }

  /** Changes one field. */
  function setField(name: string, value: unknown): void {
    if (!state.value) return;
    if (!touched.value.includes(name)) touched.value = [...touched.value, name];
    const values: Properties = { ...state.value.values, [name]: value };
    if (JSON.stringify(values) !== JSON.stringify(state.value.values)) took({ ...state.value, values });
  }

  function back(): void {
    if (canvas?.sketching) canvas.back();
    else if (steps.value && steps.value.before.length > 0) {
      steps.value = undo(steps.value);
      after();
    }
  }

  function again(): void {
    if (canvas?.canRedo) canvas.again();
    else if (steps.value && steps.value.after.length > 0) {
      steps.value = redo(steps.value);
      after();
    }
  }

  function after(): void {
    refused.value = [];
    error.value = null;
    // Where undo takes the shape itself away, it is drawn again.
    if (!outline.value && tool.value === 'reshape' && KIND[layer.value?.geometry ?? 'none']) use('draw');
    else if (outline.value && tool.value === 'draw') use('reshape');
    paint();
    snapping.refresh();
  }

  /** Ends the session, whatever was changed in it. */
  function close(): void {
    canvas?.destroy();
    canvas = null;
    snapping.end();
    session.value = null;
    steps.value = null;
    outdated.value = null;
    sketch.value = NO_SKETCH;
    void stage.value?.highlight([]);
    if (stage.value) stage.value.inspecting = true;
    if (shell.side === 'editing') shell.side = null;
  }

  /** Gives the edit up, once the reader agrees where something would be lost. */
  async function leave(): Promise<boolean> {
    if (!session.value) return true;
    if ((dirty.value || sketching.value) && !window.confirm(t.value.editing.discard)) return false;
    close();
    await drafting.drop();
    return true;
  }

  /** Whether everything that the catalog asks for is filled in; what is not is shown from now on. */
  function complete(): boolean {
    touched.value = session.value?.layer.fields.map((field) => field.name) ?? [];
    return Object.keys(faults.value).length === 0;
  }

  /** Why nothing was written: shown until the next change. */
  function refuse(why: unknown, named: Fault[]): void {
    error.value = why;
    refused.value = named;
    if (tool.value === 'split') use('reshape');
    paint();
  }

  /** Goes on with another session, as after somebody else's change was taken over. */
  function replace(next: Session, now: State): void {
    session.value = next;
    steps.value = step(begin(next.initial), now);
    outdated.value = null;
    paint();
  }

  /** Looks whether somebody else changed what is edited. */
  async function look(author: string | null = null): Promise<void> {
    const [held, now] = [session.value, state.value];
    if (!held || !now) return;
    try {
      const found = await readConflict(held, now);
      if (session.value === held && (found.theirs || found.others.length > 0)) outdated.value = author ?? '';
    } catch {
      // told when it is saved
    }
  }

  watch(state, () => drafting.note(session.value, state.value));

  live.onChanged((changed) => {
    const held = session.value;
    if (!held) return;
    const ids = [...(held.held ? [held.held.id] : []), ...held.others.keys()];
    if (ids.some((id) => touches(changed, held.layer.id, id))) void look(changed.author);
    snapping.refresh(true);
  });

  return {
    session,
    state,
    layer,
    outline,
    tool,
    kind,
    opening,
    error,
    refused,
    problems,
    faults,
    outdated,
    warnings,
    sketch,
    sketching,
    dirty,
    canUndo,
    canRedo,
    canFinish,
    crossed,
    measures,
    create,
    edit,
    resume,
    use,
    setField,
    undo: back,
    redo: again,
    finish: () => canvas?.finish(),
    addAtCenter: () => canvas?.addAtCenter(),
    clearSketch: () => canvas?.clear(),
    removeCorner: () => canvas?.removeChosen(),
    hasCorner: () => canvas?.hasChosen ?? false,
    close,
    leave,
    complete,
    refuse,
    replace,
    warn,
  };
});
