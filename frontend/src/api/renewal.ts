/** Renewal units: outlines, variants and what they hold. */
import { address, post, request, send } from './client';
import type { components } from './schema';
import type { LonLat } from './types';

/** Features of a layer, by their ids or by a lasso around them. */
export type Ground = components['schemas']['OutlineGround'];

/** One step of an outline. */
export type Step = components['schemas']['OutlineStep'];

/** How an indicator is reckoned. */
export type Definition = components['schemas']['Definition'];

export type Indicator = components['schemas']['Indicator'];

/** A feature that an outline has ground of. */
export type Member = components['schemas']['Member'];

/** Ground that another unit has. */
export type Conflict = components['schemas']['Conflict'];

/** People, houses, cases and contracts of some ground, as far as they may be counted. */
export type Counts = components['schemas']['Counts'];

/** What some steps lead to. */
export type Outline = components['schemas']['Outline'];

export type VariantAct = components['schemas']['VariantAct'];

/** Another outline of a unit, or of one to come. */
export type Variant = components['schemas']['UnitVariant'];

export type VariantDraft = components['schemas']['VariantDraft'];

const path = (id: string) => `renewal/variants/${encodeURIComponent(id)}`;

/** The ground of some steps, its figures, and what it runs into. */
export const outline = (steps: Step[], unit: string | null, signal?: AbortSignal) =>
  post<Outline>('renewal/outline', unit ? { steps, unit } : { steps }, signal);

/** A variant as a change left it. */
export type VariantVersion = components['schemas']['VariantVersion'];

/** The variants that this reader sees, or saw at the end of a day. */
export const variants = (day = '', signal?: AbortSignal) =>
  request<Variant[]>(`renewal/variants${day ? `?as-of=${day}` : ''}`, signal ? { signal } : {});

/** A variant, or a version of it, with its outline as the map is now. */
export const variant = (id: string, version?: number, signal?: AbortSignal) =>
  request<components['schemas']['OpenVariant']>(
    version === undefined ? path(id) : `${path(id)}?as-of=${version}`,
    signal ? { signal } : {},
  );

/** The versions of a variant that this reader sees, the latest first. */
export const variantHistory = (id: string, signal?: AbortSignal) =>
  request<VariantVersion[]>(`${path(id)}/history`, signal ? { signal } : {});

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
export type Term = components['schemas']['Term'];

export type Maturity = components['schemas']['Maturity'];

/** A unit as it is listed: what it holds, and how ripe it is. */
export type Unit = components['schemas']['UnitFigures'];

/** A cell of a report: words, a number, or nothing. */
export type Cell = components['schemas']['ReportCell'];

export type Section = components['schemas']['ReportSection'];

export type Report = components['schemas']['UnitReport'];

/** All units with figures and maturity, the ripest first. */
export const units = (signal?: AbortSignal) =>
  request<components['schemas']['Units']>('renewal/units', signal ? { signal } : {});

/** Levels that units are summed up by, the least first. */
export const LEVELS = ['grid', 'co_op', 'village', 'street', 'district'] as const;
export type Level = (typeof LEVELS)[number];
export type RenewalTotals = components['schemas']['RenewalTotals'];
export type RenewalPlace = components['schemas']['RenewalPlace'];

/** What the units of each place of a level hold. */
export const totals = (by: Level, signal?: AbortSignal) =>
  request<RenewalTotals>(`renewal/totals?by=${by}`, signal ? { signal } : {});

/** What lies on a unit's ground, and what may stop it. */
export const report = (id: string, signal?: AbortSignal) =>
  request<Report>(`renewal/units/${encodeURIComponent(id)}/report`, signal ? { signal } : {});

/** Where the report is had as a workbook. */
export const workbook = (id: string) => address(`renewal/units/${encodeURIComponent(id)}/report?f=xlsx`);

/** Where the report is had on A3 paper. */
export const booklet = (id: string) => address(`renewal/units/${encodeURIComponent(id)}/report?f=pdf`);

/** A unit grown from a seed. */
export type Suggestion = components['schemas']['Suggestion'];

/** How large a unit is to grow: its ground, or the floors on it. */
export type Target = { target_area_m2: number } | { target_floor_area_m2: number };

/** Units grown from a seed to a wanted size, the best first. */
export const suggest = (
  seed: LonLat,
  layer: string,
  target: Target,
  unit: string | null,
  signal?: AbortSignal,
) => post<Suggestion[]>('renewal/suggest', { seed, layer, ...target, ...(unit ? { unit } : {}) }, signal);

export type DisposalClasses = components['schemas']['DisposalClasses'];

export type DisposalRule = components['schemas']['DisposalRule'];

/** The houses of each class of disposal, in a unit or everywhere. */
export const disposal = (unit: string | null, signal?: AbortSignal) =>
  request<DisposalClasses>(
    `renewal/disposal?houses=true${unit ? `&unit=${encodeURIComponent(unit)}` : ''}`,
    signal ? { signal } : {},
  );

/** Tries a rule, or writes it. */
export const disposalRule = (rule: DisposalRule) =>
  post<components['schemas']['DisposalDone']>('renewal/disposal', rule);

export type Work = components['schemas']['UnitWork'];

/** How far the work on a unit is: survey, measures, votes, notices, money. */
export const work = (id: string, signal?: AbortSignal) =>
  request<Work>(`renewal/units/${encodeURIComponent(id)}/work`, signal ? { signal } : {});

export type MeasureRule = components['schemas']['MeasureRule'];

/** Tries a rule that sets measure and phase of the houses of a unit, or writes it. */
export const setMeasures = (rule: MeasureRule) =>
  post<components['schemas']['MeasuresDone']>('renewal/measures', rule);
