import { describe, expect, it } from 'vitest';
import type { House, Row } from '../api';
import { check, declare, shareColor } from './rounds';

const house = { id: 'b', version: 7, properties: {} } as unknown as House;
const declaration = { id: 'd', version: 3 } as Row;

describe('rounds', () => {
  it('colours a share from little to all, and nothing of nothing', () => {
    expect(shareColor(0, 0)).toBeNull();
    expect(shareColor(0, 10)).toBe('#c8372d');
    expect(shareColor(9, 10)).toBe('#a3b94f');
    expect(shareColor(10, 10)).toBe('#4f9a5b');
  });

  it('declares a rental to be checked, without what was not said', () => {
    const [change] = declare(house, { room: null, landlord: '陈某', tenant: '', from: '' }, '2026-11-22');
    expect(change).toEqual({
      op: 'insert',
      layer: 'rental_declaration',
      feature: { properties: { building: 'b', landlord: '陈某', state: '待核', declared_on: '2026-11-22' } },
    });
  });

  it('writes a confirmed rental down at the house too, and a false one not', () => {
    expect(check(house, declaration, true, '2026-11-22').map((one) => one.layer)).toEqual([
      'rental_declaration',
      'building',
    ]);
    const false_ = check(house, declaration, false, '2026-11-22');
    expect(false_).toHaveLength(1);
    expect(false_[0]).toMatchObject({
      feature: { properties: { state: '不符', verified_on: '2026-11-22' } },
    });
    const known = { ...house, properties: { rental: true } } as unknown as House;
    expect(check(known, declaration, true, '2026-11-22')).toHaveLength(1);
  });
});
