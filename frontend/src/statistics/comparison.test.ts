import { describe, expect, it } from 'vitest';
import type { Statistics } from '../api';
import { compare, difference } from './comparison';

const answer = (total: number, by_kind: Record<string, number>): Statistics => ({
  sequence: 1,
  rule: 'within',
  area_m2: 1,
  basis: { zh: '', en: '' },
  people: { total, by_kind, by_age: [{ from: 0, to: 5, count: total }] },
  households: null,
  land_use: [],
  control_lines: [],
});

describe('two counts side by side', () => {
  it('sets every figure against its own, a missing kind as 0', () => {
    const rows = compare(answer(10, { 来穗: 10 }), answer(12, { 来穗: 11, 境外: 1 }));
    expect(rows.map((row) => [row.figure, row.before, row.now])).toEqual([
      ['people.total', 10, 12],
      ['people.by_kind.来穗', 10, 11],
      ['people.by_kind.境外', 0, 1],
      ['people.by_age.0-5', 10, 12],
    ]);
  });

  it('tells a change with its share, and none of nothing', () => {
    expect(difference({ before: 10, now: 12 })).toBe('+2（+20.0%）');
    expect(difference({ before: 0, now: 1 })).toBe('+1（—）');
    expect(difference({ before: 3, now: 3 })).toBe('±0');
  });
});
