import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { LonLat } from '../api';
import * as api from '../api';
import { useInspector } from '../inspector/store';
import { useLanguage } from '../language';
import { stage } from '../map/current';
import type { Side } from './conflict';
import { useDone } from './done';
import { useDrafting } from './drafting';
import { knot, type Outlines } from './geometry/shared';
import { neighboursOf } from './neighbours';
import { firstValues } from './numbering';
import { changesOf, featureOf, MAIN, open, type Session, type State } from './session';
import { type Conflict, readConflict, settle } from './settle';
import { useEditing } from './store';

/** Writing what was edited: save, delete, split, merge, and what to do when somebody was quicker. */
export const useSaving = defineStore('saving', () => {
  const editing = useEditing();
  const inspector = useInspector();
  const drafting = useDrafting();
  const done = useDone();
  const { t, pick } = useLanguage();

  const busy = ref(false);
  const conflict = shallowRef<Conflict | null>(null);
  /** Features that are to become one, the first keeps its id. */
  const merging = ref<string[] | null>(null);
  /** Repeats of one attempt carry one key, so that nothing is written twice. */
  let attempt: { body: string; key: string } | null = null;

  function keyFor(body: string): string {
    if (attempt?.body !== body) {
      attempt = { body, key: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` };
    }
    return attempt.key;
  }

  /** Writes a change set and tells the reader of what it was. Gives null where it was refused. */
  async function write(changes: api.Change[], text: string, reason = text): Promise<api.Committed | null> {
    busy.value = true;
    editing.refuse(null, []);
    try {
      const committed = await api.commit(changes, reason, keyFor(JSON.stringify(changes)));
      attempt = null;
      done.add(committed, text);
      void drafting.drop();
      return committed;
    } catch (refusal) {
      if (refusal instanceof api.ApiError && refusal.status === 412) await compare(true);
      else editing.refuse(refusal, faultsOf(refusal));
      return null;
    } finally {
      busy.value = false;
    }
  }

  /** The faults that a refusal names, with the names that the form's fields have. */
  function faultsOf(refusal: unknown): api.Fault[] {
    if (!(refusal instanceof api.ApiError)) return [];
    const own = new Set(editing.layer?.fields.map((field) => field.name));
    return (refusal.problem.errors ?? []).map((fault) => {
      // `feature.properties.code` of the request is the field `code` of the form.
      const name = fault.field?.split('.').at(-1);
      return name && own.has(name) ? { ...fault, field: name } : fault;
    });
  }

  function titled(): string {
    const { layer, session, state } = editing;
    const name = [layer?.label, layer?.code]
      .map((field) => (field ? state?.values[field] : undefined))
      .find((value) => typeof value === 'string' && value !== '');
    return `${pick(layer?.title)} ${name ?? session?.held?.id ?? ''}`.trim();
  }

  function close(said: api.Committed | null): void {
    conflict.value = null;
    merging.value = null;
    editing.close();
    editing.warn((said?.warnings ?? []).map((warning) => warning.message));
  }

  /** Writes what was changed. */
  async function save(reason: string): Promise<void> {
    const { session, state } = editing;
    if (!session || !state || busy.value || !editing.complete()) return;
    const made =
      session.layer.partition && !session.held ? await withBorders(session, state) : { session, state };
    const changes = changesOf(made.session, made.state);
    if (changes.length === 0) {
      close(null);
      return;
    }
    const text = `${session.held ? t.value.editing.changed : t.value.editing.added} ${titled()}`;
    const committed = await write(changes, text, reason || text);
    if (!committed) return;
    const own = session.held?.id;
    const id = own ?? committed.features.find((feature) => feature.op === 'insert')?.id;
    close(committed);
    if (id) void inspector.open(session.layer.id, id);
  }

  /** A new part of a partition: its corners on a neighbour's border become corners of the neighbour too. */
  async function withBorders(session: Session, state: State): Promise<{ session: Session; state: State }> {
    try {
      const others = await neighboursOf(session.layer.id, featureOf(session, state));
      const wider = open(session.layer, null, others, session.initial.values);
      const outlines: Outlines = new Map([...wider.initial.outlines, ...state.outlines]);
      return { session: wider, state: { ...state, outlines: knot(outlines, MAIN) } };
    } catch {
      return { session, state }; // without them the server judges the shape as it is
    }
  }

  async function remove(): Promise<void> {
    const { session } = editing;
    const held = session?.held;
    if (!session || !held || !window.confirm(t.value.editing.confirmDelete(titled()))) return;
    const { id, version } = held;
    const text = `${t.value.editing.deleted} ${titled()}`;
    const committed = await write([{ op: 'delete', layer: session.layer.id, id, version }], text);
    if (committed) close(committed);
  }

  /** Cuts the feature along a line; the new part is opened for its own name. */
  async function split(line: LonLat[]): Promise<void> {
    const { session } = editing;
    const held = session?.held;
    if (!session || !held || !settled()) return;
    const { layer } = session;
    const text = `${t.value.editing.split} ${titled()}`;
    const changes: api.Change[] = [
      {
        op: 'split',
        layer: layer.id,
        id: held.id,
        version: held.version,
        line: { type: 'LineString', coordinates: line },
        parts: [{}, { properties: await firstValues(layer) }],
      },
    ];
    const committed = await write(changes, text);
    if (!committed) return;
    const part = committed.features.find((feature) => feature.id !== held.id)?.id ?? held.id;
    close(committed);
    await editing.edit(layer.id, part);
  }

  /** Whether nothing is left to be saved first. */
  function settled(): boolean {
    if (editing.dirty) editing.warn([t.value.editing.saveFirst]);
    return !editing.dirty;
  }

  /** Begins to choose what the feature becomes one with. */
  function startMerge(): void {
    const held = editing.session?.held;
    if (!held || !settled()) return;
    merging.value = [held.id];
    if (stage.value) stage.value.inspecting = true;
  }

  /** Adds to the merge, or takes from it, what lies at a point. */
  async function pickAt(point: LonLat): Promise<void> {
    const layer = editing.layer?.id;
    if (!merging.value || !layer) return;
    const found = (await api.lookup(point)).at[layer]?.[0]?.id;
    if (!found || found === merging.value[0]) return;
    merging.value = merging.value.includes(found)
      ? merging.value.filter((id) => id !== found)
      : [...merging.value, found];
    const picked = await Promise.all(merging.value.slice(1).map((id) => api.item(layer, id)));
    void stage.value?.highlight(
      picked.flatMap(({ geometry }) => (geometry ? [{ type: 'Feature', geometry, properties: {} }] : [])),
    );
  }

  async function merge(): Promise<void> {
    const [held, ids, layer] = [editing.session?.held, merging.value, editing.layer?.id];
    if (!held || !layer || !ids || ids.length < 2) return;
    const text = `${t.value.editing.merged} ${titled()}`;
    try {
      const others = await Promise.all(ids.slice(1).map((id) => api.versioned(layer, id)));
      const versions = [held.version, ...others.map((other) => other.version)];
      const committed = await write([{ op: 'merge', layer, ids, versions }], text);
      if (!committed) return;
      close(committed);
      void inspector.open(layer, held.id);
    } catch (refusal) {
      editing.refuse(refusal, []);
    }
  }

  function endMerge(): void {
    if (!merging.value) return;
    merging.value = null;
    void stage.value?.highlight([]);
    if (stage.value && editing.session) stage.value.inspecting = false;
  }

  /** Reads what is edited anew, and asks the reader where both changed the same. */
  async function compare(always: boolean): Promise<void> {
    const { session, state } = editing;
    if (!session || !state) return;
    try {
      const found = await readConflict(session, state);
      if (always || found.theirs || found.others.length > 0) conflict.value = found;
      editing.outdated = null;
    } catch (refusal) {
      editing.refuse(refusal, []);
    }
  }

  function choose(field: string, side: Side): void {
    const now = conflict.value;
    if (now) conflict.value = { ...now, choices: { ...now.choices, [field]: side } };
  }

  /** Goes on from what is there now, with what was chosen of mine. */
  function goOn(): void {
    const { session, state } = editing;
    if (!session || !state || !conflict.value) return;
    const next = settle(session, state, conflict.value);
    conflict.value = null;
    editing.replace(next.session, next.state);
    void stage.value?.highlight([]);
  }

  /** Gives the edit up, once the reader agrees where something would be lost. */
  async function leave(): Promise<boolean> {
    const left = await editing.leave();
    if (left) {
      conflict.value = null;
      merging.value = null;
    }
    return left;
  }

  return {
    busy,
    conflict,
    merging,
    save,
    remove,
    split,
    startMerge,
    pickAt,
    merge,
    endMerge,
    compare,
    choose,
    goOn,
    leave,
  };
});
