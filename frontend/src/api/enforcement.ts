/** 两违: what is counted of the cases, and the cases behind it. */
import { today } from '../language/format';
import { ApiError, address, request, send } from './client';
import type { components } from './schema';
import type { LonLat } from './types';

/** What some cases count; areas in m², money in 分. */
export type CaseFigures = components['schemas']['CaseFigures'];

export type CaseTotals = components['schemas']['CaseTotals'];

export type CaseRow = components['schemas']['CaseRow'];

/** The cases that a total is made of. */
export type CaseList = components['schemas']['CaseList'];

export type CaseDifference = components['schemas']['CaseDifference'];

/** Closed cases that are to be looked at again, the longest due first. */
export type ReturnVisits = components['schemas']['ReturnVisits'];

export type Patrol = components['schemas']['Patrol'];

/** Where the next round of inspection goes: in one grid or all, from a place or the most urgent one on. */
export const patrol = (grid: string, from: LonLat | null, signal?: AbortSignal) => {
  const asked = new URLSearchParams();
  if (grid) asked.set('grid', grid);
  if (from) asked.set('from', from.map((value) => value.toFixed(6)).join(','));
  return request<Patrol>(`enforcement/patrol?${asked}`, signal ? { signal } : {});
};

export const returnVisits = (signal?: AbortSignal) =>
  request<ReturnVisits>('enforcement/visits', signal ? { signal } : {});

/** Which cases are meant; an empty text for all. */
export interface CasesAsked {
  by?: string;
  date?: string;
  from?: string;
  to?: string;
  'as-of'?: string;
  /** Only those that count in a figure. */
  counts?: string;
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
  request<CaseList>(
    `enforcement/cases?${query(without(asked), { limit: String(limit) })}`,
    signal ? { signal } : {},
  );

/** Where the ledger is had as a file. */
export const caseLedger = (asked: CasesAsked, f: 'xlsx' | 'pdf') =>
  address(`enforcement/cases?${query(without(asked), { f })}`);

/** The report of a day, week, month or year. */
export type CaseReport = components['schemas']['CaseReport'];

/** Which report is meant: how long its time is, a day of it, and what places are told apart by. */
export interface ReportAsked {
  period: CaseReport['period'];
  day: string;
  by: string;
  'as-of': string;
  kind: string;
  source: string;
  is_new: string;
}

export const caseReport = (asked: ReportAsked, signal?: AbortSignal) =>
  request<CaseReport>(`enforcement/report?${query({ ...asked })}`, signal ? { signal } : {});

/** Where it is had as a file. */
export const caseReportFile = (asked: ReportAsked, f: 'xlsx' | 'pdf') =>
  address(`enforcement/report?${query({ ...asked }, { f })}`);

/** The cases that make a figure differ from that of a day. */
export const caseDifference = (asked: CasesAsked, signal?: AbortSignal) =>
  request<CaseDifference>(`enforcement/difference?${query(without(asked))}`, signal ? { signal } : {});

/** Parties of two cases or more, told apart by identity, for those who may read parties. */
export type CaseParties = components['schemas']['CaseParties'];

export const caseParties = () => request<CaseParties>('enforcement/parties');

/** 散乱污 premises: counts of all, and the list. */
export type Scattered = components['schemas']['Scattered'];

export const scattered = (
  asked: { swl_type?: string; swl_measure?: string; swl_state?: string },
  signal?: AbortSignal,
) => request<Scattered>(`enforcement/scattered?${query(asked)}`, signal ? { signal } : {});

/** What the place of a case implies. */
export type CaseFacts = components['schemas']['CaseFacts'];

export const caseFacts = (id: string, signal?: AbortSignal) =>
  request<CaseFacts>(`enforcement/cases/${encodeURIComponent(id)}/facts`, signal ? { signal } : {});

/** What became of a house between two surveys. */
export type FootprintKind = components['schemas']['FootprintKind'];

export type FootprintChange = components['schemas']['FootprintChange'];

export type FootprintComparison = components['schemas']['FootprintComparison'];

type ComparisonState = components['schemas']['ComparisonState'];

/** How far a comparison is: outlines that are done with, of how many. */
export type ComparisonProgress = NonNullable<ComparisonState['progress']>;

/** How soon the server is asked again how far it is, in ms: at once, then less often. */
const FIRST_LOOK = 100;
const LOOK = 700;

/**
 * The houses of the map against another survey (GeoJSON), or against themselves on a past day. The server
 * works at it by itself and is asked how far it is; given up here, it is given up there.
 */
export async function compareFootprints(
  against: { survey: Blob } | { day: string },
  tell: (progress: ComparisonProgress) => void,
  signal: AbortSignal,
): Promise<FootprintComparison> {
  const begun = await request<ComparisonState>(
    `enforcement/comparison${'day' in against ? `?as-of=${against.day}` : ''}`,
    {
      method: 'POST',
      signal,
      ...('survey' in against
        ? { headers: { 'content-type': 'application/geo+json' }, body: against.survey }
        : {}),
    },
  );
  const path = `enforcement/comparison/${begun.token}`;
  const giveUp = () => void send(path, { method: 'DELETE' }).catch(() => undefined);
  signal.addEventListener('abort', giveUp);
  try {
    for (let wait = FIRST_LOOK; ; wait = Math.min(2 * wait, LOOK)) {
      await new Promise((done) => window.setTimeout(done, wait));
      const standing = await request<ComparisonState>(path, { signal });
      if (standing.progress) tell(standing.progress);
      if (standing.result) return standing.result;
      if (standing.state === 'failed') throw new ApiError('server', 500, '');
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Makes a clue of what a comparison found. */
export const clueOf = (change: FootprintChange, remark: string) =>
  request<{ id: string }>('collections/violation_case/items', {
    method: 'POST',
    headers: { 'content-type': 'application/geo+json' },
    body: JSON.stringify({
      type: 'Feature',
      geometry: change.geometry,
      properties: {
        kind: '违法建设',
        state: '10',
        source: '无人机',
        is_new: true,
        found_on: today(),
        land_area_m2: change.kind === 'taller' ? change.ground_m2 : change.area_m2,
        address: change.before[0]?.label ?? change.after[0]?.label ?? null,
        buildings: [...change.after, ...change.before]
          .flatMap((house) => (house.id ? [house.id] : []))
          .slice(0, 20),
        remark,
      },
    }),
  });
