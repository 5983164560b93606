/** 两违: what is counted of the cases, and the cases behind it. */
import { address, request } from './client';
import type { LonLat, Text } from './types';

/** What some cases count; areas in m², money in 分. */
export interface CaseFigures {
  cases: number;
  void: number;
  clues: number;
  open: number;
  filed: number;
  demolished: number;
  closed: number;
  struck: number;
  land_area_m2: number;
  violation_area_m2: number;
  demolished_area_m2: number;
  demolished_footprint_m2: number;
  restored_m2: number;
  penalty_fen: number;
}

export interface CaseTotals {
  sequence: number;
  definition: string;
  total: CaseFigures & { overdue: number | null };
  groups: (CaseFigures & { key: string | null; title: Text })[];
  /** 小产权房, by 栋: never added to the cases. */
  small_title_buildings: number | null;
}

export interface CaseRow extends CaseFigures {
  id: string;
  code: string | null;
  title: string | null;
  address: string | null;
  state: string | null;
  kind: string | null;
}

export interface CaseDifference {
  before: CaseFigures;
  after: CaseFigures;
  changed: number;
  rows: {
    id: string;
    code: string | null;
    state_before: string | null;
    state: string | null;
    before: CaseFigures;
    after: CaseFigures;
  }[];
}

export interface Queued {
  id: string;
  code: string | null;
  label: string | null;
  state: string;
  title: Text;
  since: string | null;
  deadline: string | null;
  overdue: boolean;
  suspended: boolean;
  place: LonLat | null;
}

/** Which cases are meant; an empty text for all. */
export interface CasesAsked {
  by?: string;
  date?: string;
  from?: string;
  to?: string;
  'as-of'?: string;
  demolished?: string;
  [filter: string]: string | undefined;
}

function query(asked: CasesAsked, more: Record<string, string> = {}): string {
  const all = new URLSearchParams(more);
  for (const [name, value] of Object.entries(asked)) if (value) all.set(name, value);
  return all.toString();
}
const without = ({ by: _, ...asked }: CasesAsked): CasesAsked => asked;

export const caseTotals = (asked: CasesAsked, signal?: AbortSignal) =>
  request<CaseTotals>(`enforcement/totals?${query(asked)}`, signal ? { signal } : {});

/** The cases that a total is made of, those with the greatest demolished area first. */
export const cases = (asked: CasesAsked, limit: number, signal?: AbortSignal) =>
  request<{ matched: number; total: CaseFigures; rows: CaseRow[] }>(
    `enforcement/cases?${query(without(asked), { limit: String(limit) })}`,
    signal ? { signal } : {},
  );

/** Where the ledger is had as a workbook. */
export const caseLedger = (asked: CasesAsked) =>
  address(`enforcement/cases?${query(without(asked), { f: 'xlsx' })}`);

/** The cases that make a figure differ from that of a day. */
export const caseDifference = (asked: CasesAsked, signal?: AbortSignal) =>
  request<CaseDifference>(`enforcement/difference?${query(without(asked))}`, signal ? { signal } : {});

/** What is under way in a layer with a process, the soonest due first. */
export const queue = (
  layer: string,
  asked: { state?: string; overdue?: string; mine?: string },
  limit: number,
) =>
  request<{ matched: number; overdue: number; rows: Queued[] }>(
    `processes/${encodeURIComponent(layer)}/queue?${query(asked, { limit: String(limit) })}`,
  );

type Home = 'grid' | 'co_op' | 'village' | 'renewal_unit';
type Ground = 'control_line' | 'plan_land' | 'land_use';

/** What the place of a case implies. */
export type CaseFacts = {
  homes: Partial<Record<Home, { id: string; title: string }>>;
  area_m2?: number;
  permitted_m2?: number;
} & Partial<Record<Ground, { code: string; title: Text; area_m2: number }[]>>;

export const caseFacts = (id: string, signal?: AbortSignal) =>
  request<CaseFacts>(`enforcement/cases/${encodeURIComponent(id)}/facts`, signal ? { signal } : {});
