/** Two counts side by side: every figure that both have, and what it changed by. */
import type { Statistics } from '../api';

export interface Compared {
  /** Path of the figure, as `people.total` or `people.by_kind.来穗`. */
  figure: string;
  before: number;
  now: number;
}

/** Figures of an answer in the order in which they are told. */
function figures(of: Statistics): Map<string, number> {
  const found = new Map<string, number>();
  const put = (name: string, value: number | null | undefined) => {
    if (typeof value === 'number') found.set(name, value);
  };
  put('people.total', of.people?.total);
  for (const [kind, count] of Object.entries(of.people?.by_kind ?? {})) put(`people.by_kind.${kind}`, count);
  for (const band of of.people?.by_age ?? [])
    put(`people.by_age.${band.from ?? ''}-${band.to ?? ''}`, band.count);
  for (const [stay, count] of Object.entries(of.people?.by_stay ?? {})) put(`people.by_stay.${stay}`, count);
  put('people.unverified', of.people?.unverified);
  put('people.overdue', of.people?.overdue);
  put('households', of.households);
  put('rooms.count', of.rooms?.count);
  put('buildings.count', of.buildings?.count);
  put('buildings.rental', of.buildings?.rental);
  return found;
}

/** What two areas, or one on two days, count: a kind that one of them has not counts 0 there. */
export function compare(before: Statistics, now: Statistics): Compared[] {
  const [was, is] = [figures(before), figures(now)];
  const names = [...new Set([...is.keys(), ...was.keys()])];
  const place = (name: string) => ORDER.findIndex((begin) => name.startsWith(begin));
  return names
    .map((figure) => ({ figure, before: was.get(figure) ?? 0, now: is.get(figure) ?? 0 }))
    .sort((a, b) => place(a.figure) - place(b.figure));
}

const ORDER = [
  'people.total',
  'people.by_kind',
  'people.by_age',
  'people.by_stay',
  'people.unverified',
  'people.overdue',
  'households',
  'rooms',
  'buildings.count',
  'buildings.rental',
];

/** A change with its sign; of nothing to nothing, a dash. */
export function difference({ before, now }: { before: number; now: number }): string {
  if (now === before) return '±0';
  const sign = now > before ? '+' : '−';
  const percent =
    before > 0 ? `（${sign}${((Math.abs(now - before) / before) * 100).toFixed(1)}%）` : '（—）';
  return `${sign}${Math.abs(now - before)}${percent}`;
}
