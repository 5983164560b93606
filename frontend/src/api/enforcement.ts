/** 两违: what is counted of the cases, and the cases behind it. */
import { address, request } from './client';
import type { components } from './schema';

/** What some cases count; areas in m², money in 分. */
export type CaseFigures = components['schemas']['CaseFigures'];

export type CaseTotals = components['schemas']['CaseTotals'];

export type CaseRow = components['schemas']['CaseRow'];

export type CaseDifference = components['schemas']['CaseDifference'];

export type Queued = components['schemas']['Queued'];

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
  request<components['schemas']['CaseList']>(
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
  request<components['schemas']['Queue']>(
    `processes/${encodeURIComponent(layer)}/queue?${query(asked, { limit: String(limit) })}`,
  );

/** What the place of a case implies. */
export type CaseFacts = components['schemas']['CaseFacts'];

export const caseFacts = (id: string, signal?: AbortSignal) =>
  request<CaseFacts>(`enforcement/cases/${encodeURIComponent(id)}/facts`, signal ? { signal } : {});
