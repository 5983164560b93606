import { expect, it } from 'vitest';
import { stopsOf } from './days';

it('stops before the first change and at each day with one', () => {
  expect(stopsOf([], '2026-03-02')).toEqual([]);
  expect(stopsOf(['2026-03-02'], '2026-03-02')).toEqual(['2026-03-01']);
  expect(stopsOf(['2026-02-27', '2026-03-01', '2026-03-02'], '2026-03-02')).toEqual([
    '2026-02-26',
    '2026-02-27',
    '2026-03-01',
  ]);
});
