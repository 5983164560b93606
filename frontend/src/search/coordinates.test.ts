import { describe, expect, it } from 'vitest';
import { readCoordinates } from './coordinates';

describe('readCoordinates', () => {
  const good: [string, number, number, string][] = [
    ['113.59,23.11', 113.59, 23.11, 'cgcs2000'],
    [' 113.59， 23.11 ', 113.59, 23.11, 'cgcs2000'],
    ['113.59 23.11', 113.59, 23.11, 'cgcs2000'],
    ['23.11,113.59', 113.59, 23.11, 'cgcs2000'],
    ['gcj02 113.59,23.11', 113.59, 23.11, 'gcj02'],
    ['113.59,23.11 (高德)', 113.59, 23.11, 'gcj02'],
    ['百度：113.59,23.11', 113.59, 23.11, 'bd09'],
    ['wgs84 113.59,23.11', 113.59, 23.11, 'cgcs2000'],
    ['113°35′24″E, 23°6′36″N', 113.59, 23.11, 'cgcs2000'],
    ['北纬23.11, 东经113.59', 113.59, 23.11, 'cgcs2000'],
    ['-0.1276,51.5072', -0.1276, 51.5072, 'cgcs2000'],
    ['0.5,-33.5', 0.5, -33.5, 'cgcs2000'],
    ['33.5S, 70.2W', -70.2, -33.5, 'cgcs2000'],
  ];
  it.each(good)('reads %s', (text, lon, lat, datum) => {
    const typed = readCoordinates(text);
    if (typed === null || typed === 'range') throw new Error(`not read: ${text}`);
    expect(typed.point[0]).toBeCloseTo(lon, 9);
    expect(typed.point[1]).toBeCloseTo(lat, 9);
    expect(typed.datum).toBe(datum);
  });

  it.each(['', '东华路12号', '12,14', '3-201', '440118101224', '113.59', '1,2,3', '东华 12'])(
    'leaves %s to the search',
    (text) => {
      expect(readCoordinates(text)).toBeNull();
    },
  );

  it('says when no place has such coordinates', () => {
    expect(readCoordinates('213.59,23.11')).toBe('range');
    expect(readCoordinates('113.59,97.2')).toBe('range');
  });
});
