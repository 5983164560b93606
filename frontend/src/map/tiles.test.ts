import { describe, expect, it } from 'vitest';
import type { Bounds } from '../api';
import { staleTiles, tileAt } from './tiles';

const village: Bounds = [113.56, 23.09, 113.61, 23.13];

/** Whether a tile holds, is, or lies in another, or is of a lesser zoom and draws over its edge into it. */
function related(tile: { z: number; x: number; y: number }, [z, x, y]: [number, number, number]): boolean {
  const common = Math.min(tile.z, z);
  const across = 2 ** (z - tile.z);
  const reach = (68 / 4096) * across;
  const over = (own: number, other: number) =>
    other + 1 > own * across - reach && other < (own + 1) * across + reach;
  if (tile.z < z) return over(tile.x, x) && over(tile.y, y);
  return (
    tile.x >> (tile.z - common) === x >> (z - common) && tile.y >> (tile.z - common) === y >> (z - common)
  );
}

describe('stale tiles', () => {
  it('finds a tile as the slippy map does', () => {
    expect(tileAt(113.59, 23.11, 15)).toEqual({ x: 26723, y: 14221 });
    expect(tileAt(-180, 85.06, 4)).toEqual({ x: 0, y: 0 });
    expect(tileAt(180, -85.06, 4)).toEqual({ x: 15, y: 15 });
  });

  it('names every tile in view that holds, is, lies in or reaches into a touched one, and no other', () => {
    const touched: [number, number, number][] = [[15, 26723, 14221]];
    for (const zoom of [11.3, 15, 16.7, 18]) {
      const stale = staleTiles(touched, village, zoom);
      const names = new Set(stale.map(({ z, x, y }) => `${z}/${x}/${y}`));
      expect(stale.every((tile) => related(tile, touched[0] as [number, number, number]))).toBe(true);
      for (let z = 0; z <= Math.ceil(zoom) + 1; z++) {
        const [a, b] = [tileAt(village[0], village[3], z), tileAt(village[2], village[1], z)];
        for (let x = a.x; x <= b.x; x++) {
          for (let y = a.y; y <= b.y; y++) {
            const expected = related({ z, x, y }, touched[0] as [number, number, number]);
            expect(names.has(`${z}/${x}/${y}`), `${z}/${x}/${y} at ${zoom}`).toBe(expected);
          }
        }
      }
    }
  });

  it('names the neighbour of a lesser zoom that draws over its edge into a touched tile', () => {
    // The first column of its parent: the parent's western neighbour draws 68 units over the edge.
    const names = staleTiles([[17, 106880, 56884]], village, 13).map(({ z, x, y }) => `${z}/${x}/${y}`);
    expect(names).toContain('12/3340/1777');
    expect(names).toContain('12/3339/1777');
    expect(names).not.toContain('12/3341/1777');
  });

  it('stays small where a large tile is touched and the view is near', () => {
    expect(staleTiles([[5, 26, 13]], [113.59, 23.11, 113.591, 23.111], 18).length).toBeLessThan(60);
  });
});
