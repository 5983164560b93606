import { describe, expect, it } from 'vitest';
import type { Layer } from '../api';
import { innermost, labelledOnce, labelPoints } from './labels';

const ring = (...corners: [number, number][]) => [...corners, corners[0] as [number, number]];

describe('innermost', () => {
  it('is the middle of a square', () => {
    const {
      point: [lon, lat],
      room,
    } = innermost([ring([113.59, 23.11], [113.6, 23.11], [113.6, 23.12], [113.59, 23.12])]);
    expect(lon).toBeCloseTo(113.595, 3);
    expect(lat).toBeCloseTo(23.115, 3);
    // Half of the shorter side: a hundredth of a degree of longitude is shorter by the cosine of the latitude.
    expect(room).toBeCloseTo(0.005 * Math.cos((23.115 * Math.PI) / 180), 4);
  });

  it('lies inside a bent shape, in its widest part, where the middle of the box does not', () => {
    // An L: a thin upright arm and a wide foot.
    const l = ring([0, 0], [10, 0], [10, 4], [1, 4], [1, 10], [0, 10]);
    const {
      point: [lon, lat],
    } = innermost([l]);
    expect(lat).toBeGreaterThan(0.5);
    expect(lat).toBeLessThan(3.5);
    expect(lon).toBeGreaterThan(1);
    expect(lon).toBeLessThan(9);
  });

  it('keeps clear of a hole', () => {
    const hole = ring([3, 3], [7, 3], [7, 7], [3, 7]);
    const {
      point: [lon, lat],
    } = innermost([ring([0, 0], [10, 0], [10, 10], [0, 10]), hole]);
    expect(lon > 3 && lon < 7 && lat > 3 && lat < 7).toBe(false);
  });

  it('survives an area without width', () => {
    expect(innermost([ring([1, 2], [3, 2], [5, 2])])).toEqual({ point: [1, 2], room: 0 });
  });
});

describe('labelPoints', () => {
  it('labels the largest part of several, and nothing that is no area', () => {
    const points = labelPoints([
      {
        type: 'Feature',
        properties: { name: '第1网格' },
        geometry: {
          type: 'MultiPolygon',
          coordinates: [
            [ring([0, 0], [1, 0], [1, 1], [0, 1])],
            [ring([10, 10], [20, 10], [20, 20], [10, 20])],
          ],
        },
      },
      { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [0, 0] } },
      { type: 'Feature', properties: {}, geometry: null },
    ]);
    expect(points).toHaveLength(1);
    expect(points[0]?.properties).toMatchObject({ name: '第1网格' });
    expect(points[0]?.properties?.room_m).toBeGreaterThan(500_000);
    expect(points[0]?.geometry.coordinates[0]).toBeGreaterThan(10);
  });
});

describe('labelledOnce', () => {
  const layer = (count: number): Layer => ({
    id: 'grid',
    title: { zh: '网格', en: 'Grid' },
    theme: 'grids',
    geometry: 'polygon',
    style: { color: '#000000', label_zoom: 14 },
    fields: [],
    count,
  });
  it('is for areas few enough to ask for', () => {
    expect(labelledOnce(layer(111))).toBe(true);
    expect(labelledOnce(layer(0))).toBe(false);
    expect(labelledOnce(layer(1495))).toBe(false);
  });
});
