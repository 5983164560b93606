import { describe, expect, it } from 'vitest';
import type { LonLat } from '../api';
import { distance } from '../map/geodesy';
import { measure } from './store';

const corners: LonLat[] = [
  [113.59, 23.11],
  [113.591, 23.11],
  [113.591, 23.111],
];

describe('measure', () => {
  it('measures a line by its legs', () => {
    const [a, b, c] = corners as [LonLat, LonLat, LonLat];
    const line = measure(corners, 'line');
    expect(line.length).toBeCloseTo(distance(a, b) + distance(b, c), 6);
    expect(line.last).toBeCloseTo(distance(b, c), 6);
    expect(line.area).toBe(0);
  });

  it('measures a shape round and inside', () => {
    const [a, , c] = corners as [LonLat, LonLat, LonLat];
    const shape = measure(corners, 'polygon');
    expect(shape.length).toBeCloseTo(measure(corners, 'line').length + distance(c, a), 6);
    // Half of about 102.4 m by 110.7 m.
    expect(shape.area).toBeGreaterThan(5600);
    expect(shape.area).toBeLessThan(5750);
  });

  it('says nothing of a single point', () => {
    expect(measure(corners.slice(0, 1), 'polygon')).toEqual({ length: 0, last: 0, area: 0 });
    expect(measure([], 'line')).toEqual({ length: 0, last: 0, area: 0 });
  });
});
