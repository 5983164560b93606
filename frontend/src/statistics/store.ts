import { defineStore } from 'pinia';
import { ulid } from 'ulid';
import { ref, shallowRef, watch } from 'vue';
import type { BehindPage, Counted, FeatureList, HouseList, Item, LonLat, Rule, Statistics } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { useShell } from '../shell/store';

/** What is counted: a drawn ring, a strip along a line, or what features of a layer cover. */
export type Subject =
  | { ring: LonLat[] }
  | { line: LonLat[] }
  | { layer: string; ids: string[]; name: string };

/** An area with what it counts. */
export interface Measured {
  subject: Subject;
  rule: Rule;
  buffer: number;
  /** The past day that people are counted on; empty for now. */
  on: string;
  result: Statistics;
}

/** Half the width of the strip along a line that was just drawn, in metres. */
const STRIP = 30;

/** Counts in an area; asked of the server, which alone knows everything. */
export const useStatistics = defineStore('statistics', () => {
  const shell = useShell();
  const subject = shallowRef<Subject | null>(null);
  const rule = ref<Rule>('representative_point');
  /** Metres that the outline is widened by. */
  const buffer = ref(0);
  const result = shallowRef<Statistics | null>(null);
  const asking = useNewest();
  const { status, error } = asking;
  /** What the counts are set against: another area, or the same one on another day. */
  const base = shallowRef<Measured | null>(null);
  const against = useNewest();
  /** The layer whose features are picked one by one. */
  const picking = ref<'grid' | 'building' | null>(null);

  async function count(quiet = false): Promise<void> {
    const of = subject.value;
    if (!of) return;
    const came = await asking.ask(
      (signal) => api.statistics(body(of, rule.value, buffer.value, ''), signal),
      result,
      quiet,
    );
    if (came === 'failed') result.value = null;
    if (came === 'taken' && base.value) await measureBase(base.value);
  }

  async function measureBase(of: Omit<Measured, 'result'>): Promise<void> {
    await against.ask(
      (signal) => api.statistics(body(of.subject, of.rule, of.buffer, of.on), signal),
      (measured) => {
        base.value = { ...of, result: measured };
      },
    );
  }

  /** Counts again what is shown, without taking it away meanwhile: something changed on the server. */
  async function recount(): Promise<void> {
    if (subject.value && status.value === 'ready') await count(true);
  }

  function begin(of: Subject): Promise<void> {
    subject.value = of;
    shell.side = 'statistics';
    return count();
  }

  /** Another area: the figures of the one before do not stand under its name. */
  function another(): void {
    result.value = null;
  }

  function ofRing(ring: LonLat[]): Promise<void> {
    another();
    buffer.value = 0;
    return begin({ ring });
  }

  function ofLine(line: LonLat[]): Promise<void> {
    another();
    if (buffer.value <= 0) buffer.value = STRIP;
    return begin({ line });
  }

  function ofFeatures(layer: string, ids: string[], name: string): Promise<void> {
    another();
    buffer.value = 0;
    return begin({ layer, ids, name });
  }

  /** Takes one more feature into what is counted, or one that is in it out of it. */
  async function pick(at: LonLat): Promise<void> {
    const layer = picking.value;
    if (!layer) return;
    const found = (await api.lookup(at)).at[layer]?.[0];
    if (!found || picking.value !== layer) return;
    const of = subject.value;
    const before = of && 'ids' in of && of.layer === layer ? of.ids : [];
    const ids = before.includes(found.id) ? before.filter((id) => id !== found.id) : [...before, found.id];
    if (ids.length === 0) {
      asking.giveUp();
      subject.value = null;
      result.value = null;
      return;
    }
    const name = ids.length === 1 ? String(found.name ?? found.address ?? found.code ?? found.id) : '';
    await begin({ layer, ids, name });
  }

  /** Sets what comes next against what is counted now. */
  function keepAsBase(): void {
    const [of, measured] = [subject.value, result.value];
    if (!of || !measured) return;
    against.giveUp();
    base.value = { subject: of, rule: rule.value, buffer: buffer.value, on: '', result: measured };
  }

  /** Sets what is counted now against the same area on another day; with an empty day against nothing. */
  async function compareWithDay(on: string): Promise<void> {
    forgetBase();
    const of = subject.value;
    if (of && on) await measureBase({ subject: of, rule: rule.value, buffer: buffer.value, on });
  }

  function forgetBase(): void {
    against.giveUp();
    base.value = null;
  }

  /** Saves the drawn area under a name, so that it can be counted again. */
  async function save(name: string, day: string): Promise<void> {
    const of = subject.value;
    if (!of || !('ring' in of)) return;
    const geometry = { type: 'Polygon' as const, coordinates: [closed(of.ring)] };
    const feature = { geometry, properties: { name, rule: rule.value, drawn_on: day } };
    const change = { op: 'insert' as const, layer: 'count_area', feature };
    const committed = await api.commit([change], name, ulid());
    const id = committed.features[0]?.id;
    if (id) subject.value = { layer: 'count_area', ids: [id], name };
  }

  /** The houses behind a number of what is counted. */
  function houses(figure: string, page: BehindPage, signal: AbortSignal): Promise<HouseList> {
    const of = subject.value;
    if (!of) return Promise.reject(new Error('nothing is counted'));
    return api.housesBehind(body(of, rule.value, buffer.value, ''), figure, page, signal);
  }

  /** The cases, contracts, plots or lines behind a number of what is counted. */
  function features(figure: string, page: BehindPage, signal: AbortSignal): Promise<FeatureList> {
    const of = subject.value;
    if (!of) return Promise.reject(new Error('nothing is counted'));
    return api.featuresBehind(body(of, rule.value, buffer.value, ''), figure, page, signal);
  }

  /** The areas that were saved, by name. */
  async function saved(): Promise<Item[]> {
    return (await api.items('count_area', { limit: 200, offset: 0, sortby: 'name' })).features;
  }

  function clear(): void {
    asking.giveUp();
    against.giveUp();
    subject.value = null;
    result.value = null;
    picking.value = null;
  }

  watch(rule, () => void count());
  watch(buffer, (now, before) => {
    // What was just begun is counted by its beginning.
    if (status.value !== 'idle' && now !== before) void count();
  });

  return {
    subject,
    rule,
    buffer,
    result,
    status,
    error,
    base,
    baseError: against.error,
    picking,
    count: () => count(),
    recount,
    ofRing,
    ofLine,
    ofFeatures,
    pick,
    keepAsBase,
    compareWithDay,
    forgetBase,
    save,
    houses,
    features,
    saved,
    clear,
  };
});

/** What is sent to count a subject. */
function body(of: Subject, rule: Rule, buffer: number, on: string): Counted {
  const more = { rule, ...(buffer ? { buffer_m: buffer } : {}), ...(on ? { on } : {}) };
  if ('ids' in of) return { layer: of.layer, ids: of.ids, ...more };
  if ('line' in of) return { area: { type: 'LineString', coordinates: of.line }, ...more };
  return { area: { type: 'Polygon', coordinates: [closed(of.ring)] }, ...more };
}

/** Where the people of a subject are had as a list. */
export function listAddress(of: Subject, rule: Rule, buffer: number): string {
  const asked = body(of, rule, buffer, '');
  const query = new URLSearchParams({ f: 'xlsx', rule });
  if (buffer) query.set('buffer_m', String(buffer));
  if ('area' in asked) query.set('area', JSON.stringify(asked.area));
  if ('ids' in asked) {
    query.set('layer', asked.layer);
    query.set('ids', asked.ids.join(','));
  }
  return api.address(`statistics/people?${query}`);
}

/** The ring with its first position again at the end, as GeoJSON wants it. */
export function closed(ring: LonLat[]): LonLat[] {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  if (!first || !last || (first[0] === last[0] && first[1] === last[1])) return ring;
  return [...ring, first];
}
