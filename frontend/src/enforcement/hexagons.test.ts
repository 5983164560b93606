import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LonLat } from '../api';
import { hexagons } from './hexagons';

const place = fc.tuple(
  fc.double({ min: 113.2, max: 113.4, noNaN: true }),
  fc.double({ min: 23.1, max: 23.3, noNaN: true }),
) as fc.Arbitrary<LonLat>;

/** Whether a place lies in a ring, by counting the sides to its right. */
function inside([x, y]: LonLat, ring: LonLat[]): boolean {
  let within = false;
  ring.slice(1).forEach(([x1, y1], at) => {
    const [x0, y0] = ring[at] as LonLat;
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) within = !within;
  });
  return within;
}

test('every case is in one hexagon, and they add up to all', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ place, value: fc.integer({ min: 0, max: 9999 }) })), (rows) => {
      const cells = hexagons(rows, 150);
      expect(cells.reduce((sum, cell) => sum + cell.cases, 0)).toBe(rows.length);
      expect(cells.reduce((sum, cell) => sum + cell.value, 0)).toBe(
        rows.reduce((sum, row) => sum + row.value, 0),
      );
      expect(new Set(cells.map((cell) => cell.id)).size).toBe(cells.length);
    }),
  );
});

test('a case lies within the outline of its hexagon', () => {
  fc.assert(
    fc.property(place, fc.constantFrom(80, 150, 300), (at, side) => {
      const [cell] = hexagons([{ place: at, value: 1 }], side);
      // On a corner either side is right; a little towards the middle it is inside.
      const ring = cell?.ring ?? [];
      const [cx, cy] = [0, 1].map(
        (axis) => ring.slice(1).reduce((sum, one) => sum + (one[axis] ?? 0), 0) / 6,
      ) as LonLat;
      const nearer: LonLat = [at[0] + (cx - at[0]) * 1e-6, at[1] + (cy - at[1]) * 1e-6];
      expect(inside(nearer, ring)).toBe(true);
    }),
  );
});
