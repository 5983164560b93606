/** The cases that a number of the panel is made of. */
import type { CaseFigures, CasesAsked } from '../api';
import * as api from '../api';
import { boundsOf } from '../inspector/geometry';
import { timeText } from '../language/format';
import type { PartList, Touched } from '../panels/listed';

/** A figure that cases count in. */
export type Counted = keyof CaseFigures | 'overdue';

const AREAS = ['land_area_m2', 'violation_area_m2', 'demolished_area_m2', 'restored_m2'] as const;
const areaOf = (counted: Counted) => AREAS.find((own) => own === counted);

/** Asks for the cases that count in a figure, the greatest first; what is late, the latest first. */
export function behind(asked: CasesAsked, counted: Counted): Touched['ask'] {
  return async ({ limit }, signal): Promise<PartList> => {
    const told = await api.cases({ ...asked, counts: counted }, limit, signal);
    const area = areaOf(counted);
    const rows = told.rows.map((row) => ({
      id: row.id,
      title: row.address ?? row.title ?? row.code ?? row.id,
      more: [row.code, row.deadline ? timeText(row.deadline) : ''].filter((text) => !!text) as string[],
      state: row.state_code,
      count: 1,
      area_m2: area ? row[area] : undefined,
      point: row.place ?? undefined,
    }));
    const points = rows.flatMap(({ point }) => (point ? [point] : []));
    return {
      layer: 'violation_case',
      total: told.matched,
      matched: told.matched,
      elsewhere: 0,
      bbox: boundsOf({ type: 'MultiPoint', coordinates: points }) ?? undefined,
      as_of: asked['as-of'] || told.as_of,
      rows,
    };
  };
}

/** The first and the last day of a year or a month. */
function daysOf(period: string): { from: string; to: string } {
  if (period.length === 4) return { from: `${period}-01-01`, to: `${period}-12-31` };
  const [year, month] = period.split('-').map(Number);
  const last = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).toISOString().slice(0, 10);
  return { from: `${period}-01`, to: last };
}

/** What a group of the totals narrows the question to; null for those that have nothing to be grouped by. */
export function narrowed(asked: CasesAsked, key: string | null): CasesAsked | null {
  const { by, ...rest } = asked;
  if (!by || key === null) return null;
  if (by !== 'year' && by !== 'month') return { ...rest, [by]: key };
  const { from, to } = daysOf(key);
  return {
    ...rest,
    from: asked.from && asked.from > from ? asked.from : from,
    to: asked.to && asked.to < to ? asked.to : to,
  };
}
