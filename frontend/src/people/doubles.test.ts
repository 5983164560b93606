import { describe, expect, it } from 'vitest';
import type { Double, DoublePerson } from '../api';
import { giver, merging, proposed } from './doubles';

const one = (id: string, more: Record<string, unknown> = {}): DoublePerson => ({
  id,
  version: 7,
  homes: [],
  merged: [],
  ...more,
});

describe('what stays of doubles', () => {
  it('proposes the record with a number, then the verified one, then the older home', () => {
    expect(proposed([one('a'), one('b', { id_number: '440***1234' })])).toBe('b');
    expect(proposed([one('a'), one('b', { verify_state: '1' })])).toBe('b');
    expect(
      proposed([
        one('a', { homes: [{ moved_in: '2020-01-01' }] }),
        one('b', { homes: [{ moved_in: '2019-01-01' }] }),
      ]),
    ).toBe('b');
  });

  it('names the record that each differing value comes from, and sends no value', () => {
    const double: Double = {
      by: 'house',
      differs: ['phone', 'name'],
      people: [
        one('a', { phone: '138****0000', name: '李**' }),
        one('b', { phone: '139****1111', name: '李*' }),
      ],
    };
    expect(merging(double, 'a', { phone: 'b' })).toEqual({
      keep: 'a',
      merge: ['b'],
      versions: { a: 7, b: 7 },
      take: { phone: 'b' },
    });
    expect(giver([one('a'), one('b', { phone: '1' })], 'a', 'phone')).toBe('b');
  });
});
