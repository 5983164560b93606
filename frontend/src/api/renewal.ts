/** Renewal units: outlines, variants and what they hold. */
import type { Geometry, LineString, Polygon } from 'geojson';
import { address, post, request, send } from './client';
import type { LonLat, Statistics, Text } from './types';

/** Features of a layer, by their ids or by a lasso around them. */
export type Ground = { layer: string; ids?: string[]; lasso?: Polygon } | { area: Geometry };

/** One step of an outline. */
export type Step = { add: Ground } | { remove: Ground } | { cut: { line: LineString; drop: LonLat } };

/** How an indicator is reckoned. */
export interface Definition {
  code: string;
  title: Text;
  formula: string;
  unit: string;
  decimals: number;
  source: string;
  version: string | null;
}

export type Indicator = Definition & { value: number | null };

/** A feature that an outline has ground of. */
export interface Member {
  id: string;
  code: string;
  name: string;
  inside_m2: number;
  area_m2: number;
  whole: boolean;
}

/** Ground that another unit has. */
export interface Conflict {
  id: string;
  code: string;
  name: string;
  area_m2: number;
  place: LonLat;
  geometry: Geometry;
  message: string;
}

/** What some steps lead to. */
export interface Outline {
  steps: Step[];
  geometry: Geometry | null;
  parts: number;
  holes: number;
  slivers: { place: LonLat; area_m2: number }[];
  figures?: Statistics;
  indicators: Indicator[];
  grids: Member[];
  co_ops: Member[];
  conflicts: Conflict[];
}

export type VariantAct = 'edit' | 'send' | 'recall' | 'delete' | 'adopt' | 'return';

/** Another outline of a unit, or of one to come. */
export interface Variant {
  id: string;
  version: number;
  name: string;
  unit: string | null;
  author: string;
  state: string;
  steps: Step[] | null;
  properties: Record<string, unknown> | null;
  note: string | null;
  made_at: string | null;
  sent_at: string | null;
  reviewer: string | null;
  reviewed_at: string | null;
  review_note: string | null;
  geometry: Geometry | null;
  own: boolean;
  acts: VariantAct[];
}

export interface VariantDraft {
  name?: string;
  unit?: string;
  steps?: Step[];
  properties?: Record<string, unknown>;
  note?: string;
}

const path = (id: string) => `renewal/variants/${encodeURIComponent(id)}`;

/** The ground of some steps, its figures, and what it runs into. */
export const outline = (steps: Step[], unit: string | null, signal?: AbortSignal) =>
  post<Outline>('renewal/outline', unit ? { steps, unit } : { steps }, signal);

/** The variants that this reader sees, of one unit or of all. */
export const variants = (unit: string | null, signal?: AbortSignal) =>
  request<Variant[]>(
    `renewal/variants${unit ? `?unit=${encodeURIComponent(unit)}` : ''}`,
    signal ? { signal } : {},
  );

/** A variant with its outline as the map is now. */
export const variant = (id: string, signal?: AbortSignal) =>
  request<Variant & { outline: Outline }>(path(id), signal ? { signal } : {});

export const makeVariant = (draft: VariantDraft) => post<Variant>('renewal/variants', draft);

export const changeVariant = (id: string, draft: VariantDraft) =>
  request<Variant>(path(id), {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(draft),
  });

export const deleteVariant = (id: string) => send(path(id), { method: 'DELETE' });

/** Sends a variant in, takes it back, returns it, or adopts it. */
export const moveVariant = (id: string, act: 'send' | 'recall' | 'return' | 'adopt', note: string) =>
  post<Variant>(`${path(id)}/${act}`, note ? { note } : {});

/** A term of a unit's maturity. */
export interface Term {
  code: string;
  title: Text;
  formula: string;
  weight: number;
  source: string;
  version: string | null;
  value: number | null;
  points: number;
}

export interface Maturity {
  score: number;
  terms: Term[];
  short_of: { code: string; title: Text; at_least: number }[];
}

/** A unit as it is listed: what it holds, and how ripe it is. */
export interface Unit
  extends Pick<Statistics, 'people' | 'households' | 'buildings' | 'violations' | 'contracts'> {
  id: string;
  code: string;
  name: string;
  stage: string | null;
  type: string | null;
  mode: string | null;
  plan_year: number | null;
  area_m2: number;
  indicators: Indicator[];
  maturity: Maturity;
}

/** A cell of a report: words, a number, or nothing. */
export type Cell = Text | string | number | null;

export interface Section {
  id: string;
  title: Text;
  columns: { title: Text; unit?: string }[];
  rows: Cell[][];
  total?: Cell[];
  note?: Text;
}

export interface Report {
  id: string;
  code: string;
  name: string;
  stage: Text;
  sequence: number;
  as_of: string;
  geometry: Geometry;
  grids: Member[];
  co_ops: Member[];
  maturity: Maturity;
  stops: { code: string; grade: 1 | 2 | 3; message: Text; value: number }[];
  sections: Section[];
}

/** All units with figures and maturity, the ripest first. */
export const units = (signal?: AbortSignal) =>
  request<{ sequence: number; as_of: string; units: Unit[] }>('renewal/units', signal ? { signal } : {});

/** What lies on a unit's ground, and what may stop it. */
export const report = (id: string, signal?: AbortSignal) =>
  request<Report>(`renewal/units/${encodeURIComponent(id)}/report`, signal ? { signal } : {});

/** Where the report is had as a workbook. */
export const workbook = (id: string) => address(`renewal/units/${encodeURIComponent(id)}/report?f=xlsx`);

/** Where the report is had on A3 paper. */
export const booklet = (id: string) => address(`renewal/units/${encodeURIComponent(id)}/report?f=pdf`);

/** A unit grown from a seed. */
export interface Suggestion {
  aim: string;
  title: Text;
  steps: Step[];
  geometry: Geometry;
  area_m2: number;
  floor_area_m2: number;
  buildings: number;
  cut_buildings: number;
  score: number;
  terms: { code: string; title: Text; value: number }[];
}

/** Units grown from a seed to a wanted size, the best first. */
export const suggest = (
  seed: LonLat,
  layer: string,
  target: { target_area_m2: number } | { target_floor_area_m2: number },
  unit: string | null,
) => post<Suggestion[]>('renewal/suggest', { seed, layer, ...target, ...(unit ? { unit } : {}) });

export interface DisposalClasses {
  version: string;
  houses: number;
  classes: { code: string; label: Text; color: string | null; count: number; floor_area_m2: number }[];
}

export interface DisposalRule {
  filter: string;
  unit?: string;
  class: string;
  basis: string;
  reason: string;
  dry_run: boolean;
}

/** How many houses are of each class of disposal, in a unit or everywhere. */
export const disposal = (unit: string | null) =>
  request<DisposalClasses>(`renewal/disposal${unit ? `?unit=${encodeURIComponent(unit)}` : ''}`);

/** Tries a rule, or writes it. */
export const disposalRule = (rule: DisposalRule) =>
  post<{ matched: number; changed: number; before: DisposalClasses; sample: string[]; change_set?: number }>(
    'renewal/disposal',
    rule,
  );
