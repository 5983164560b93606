import { describe, expect, it } from 'vitest';
import { narrowed } from './behind';

describe('a group of cases', () => {
  it('is asked for by its days, within those that were asked for', () => {
    const asked = { by: 'month', date: 'demolished', from: '2024-02-10', to: '', kind: '违法用地' };
    expect(narrowed(asked, '2024-02')).toEqual({
      date: 'demolished',
      from: '2024-02-10',
      to: '2024-02-29',
      kind: '违法用地',
    });
    expect(narrowed({ by: 'year', date: 'found' }, '2023')).toMatchObject({
      from: '2023-01-01',
      to: '2023-12-31',
    });
  });

  it('is asked for by its field or place; what has none can’t be', () => {
    expect(narrowed({ by: 'grid', kind: '' }, 'g1')).toEqual({ kind: '', grid: 'g1' });
    expect(narrowed({ by: 'source' }, null)).toBeNull();
  });
});
