import { expect, it } from 'vitest';
import type { LonLat } from '../api';
import { area } from '../map/geodesy';
import { walked } from './walk';

/** A metre in degrees at 23° north, near enough. */
const at = (east: number, north: number): LonLat => [113.6 + east / 102_400, 23.1 + north / 110_750];

it('keeps where somebody went, and neither trembling nor bad fixes', () => {
  const way = [
    { at: at(0, 0), accuracy: 4 },
    { at: at(0.5, 0.3), accuracy: 4 },
    { at: at(10, 0), accuracy: 6 },
    { at: at(60, 60), accuracy: 80 },
    { at: at(10, 10), accuracy: 5 },
    { at: at(0, 10), accuracy: 5 },
  ];
  const corners = way.reduce<LonLat[]>(walked, []);
  expect(corners).toEqual([at(0, 0), at(10, 0), at(10, 10), at(0, 10)]);
  expect(area(corners)).toBeGreaterThan(98);
  expect(area(corners)).toBeLessThan(102);
});
