import { describe, expect, it } from 'vitest';
import type { LonLat } from '../api';
import { area, distance, length, meridianOf, perimeter, planeCoordinates } from './geodesy';

describe('planeCoordinates', () => {
  // PROJ 9.5.1 through pyproj, EPSG:4490 to EPSG:4547; Y is the easting with 500 km.
  const known: [string, LonLat, number, number][] = [
    ['大源街道', [113.351, 23.262], 2573701.5352, 433591.0005],
    ['新塘镇东华村', [113.64, 23.135], 2559533.6592, 463128.5242],
    ['1.5° east of the meridian', [115.5, 23.5], 2600711.2317, 653223.5728],
    ['on the equator', [115.5, 0], 0, 666998.4424],
  ];
  it.each(known)('agrees with PROJ to a millimetre: %s', (_name, point, north, east) => {
    const { x, y } = planeCoordinates(point, 114);
    expect(Math.abs(x - north)).toBeLessThan(0.001);
    expect(Math.abs(y - east)).toBeLessThan(0.001);
  });
});

describe('meridianOf', () => {
  it('knows the 3° zones of CGCS2000 and nothing else', () => {
    expect(meridianOf('EPSG:4547')).toBe(114);
    expect(meridianOf('EPSG:4549')).toBe(120);
    expect(meridianOf('EPSG:4526')).toBeNull();
    expect(meridianOf(undefined)).toBeNull();
  });
});

describe('distance', () => {
  it('is a degree of the meridian at the equator and of the equator', () => {
    // Meridian arc 0° to 1° and equator arc on GRS 80: known constants of the ellipsoid.
    expect(distance([114, 0], [114, 1])).toBeCloseTo(110574.389, 2);
    expect(distance([114, 0], [115, 0])).toBeCloseTo((6378137 * Math.PI) / 180, 2);
  });

  it('is the same both ways and zero to itself', () => {
    const [a, b]: LonLat[] = [
      [113.59, 23.11],
      [113.61, 23.12],
    ] as [LonLat, LonLat];
    expect(distance(a as LonLat, b as LonLat)).toBeCloseTo(distance(b as LonLat, a as LonLat), 6);
    expect(distance(a as LonLat, a as LonLat)).toBe(0);
  });
});

describe('area', () => {
  const square: LonLat[] = [
    [113.59, 23.11],
    [113.6, 23.11],
    [113.6, 23.12],
    [113.59, 23.12],
  ];
  it('is the geodesic area, whichever way the ring turns and whether closed or not', () => {
    // The band between two parallels, from the closed formula on the ellipsoid.
    const authalic = (lat: number) => {
      const e = Math.sqrt(0.006694380022901);
      const s = Math.sin((lat * Math.PI) / 180);
      return s / (1 - e * e * s * s) + Math.log((1 + e * s) / (1 - e * s)) / (2 * e);
    };
    const b = 6378137 * (1 - 1 / 298.257222101);
    const expected = ((0.01 * Math.PI) / 180) * (b ** 2 / 2) * (authalic(23.12) - authalic(23.11));
    expect(Math.abs(area(square) / expected - 1)).toBeLessThan(1e-6);
    expect(area([...square].reverse())).toBeCloseTo(area(square), 3);
    expect(area([...square, square[0] as LonLat])).toBeCloseTo(area(square), 3);
  });

  it('is nothing for fewer than three corners', () => {
    expect(area(square.slice(0, 2))).toBe(0);
  });

  it('goes with a perimeter that closes the ring', () => {
    expect(perimeter(square)).toBeCloseTo(length([...square, square[0] as LonLat]), 9);
    expect(perimeter([...square, square[0] as LonLat])).toBeCloseTo(perimeter(square), 9);
  });
});
