/** Which tiles of the Web Mercator grid hold, are, or lie in others. */
import type { Bounds } from '../api';

export interface TileId {
  z: number;
  x: number;
  y: number;
}

/** Column and row of the tile of a zoom that a point in degrees lies in. */
export function tileAt(lon: number, lat: number, z: number): { x: number; y: number } {
  const size = 2 ** z;
  const within = (value: number) => Math.min(size - 1, Math.max(0, Math.floor(value)));
  const phi = (Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180;
  return {
    x: within(((lon + 180) / 360) * size),
    y: within((0.5 - Math.asinh(Math.tan(phi)) / (2 * Math.PI)) * size),
  };
}

/** How far a tile draws beyond its edge, as a part of its width: what lies there is in it too. */
const REACH = 68 / 4096;

/** Columns (or rows) of tiles some zooms above that hold one of a zoom or draw over their edge into it. */
function meeting(place: number, z: number, up: number): number[] {
  const across = 2 ** up;
  const first = Math.max(0, Math.floor(place / across - REACH));
  const last = Math.min(2 ** (z - up) - 1, Math.ceil((place + 1) / across + REACH) - 1);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/**
 * The tiles that may be on screen and are stale once some are touched: those themselves, those of lesser zooms
 * that hold one or draw over their edge into one, and those in view that lie in one.
 */
export function staleTiles(touched: [number, number, number][], view: Bounds, zoom: number): TileId[] {
  const stale = new Map<string, TileId>();
  const add = (tile: TileId) => void stale.set(`${tile.z}/${tile.x}/${tile.y}`, tile);
  // While the map zooms, tiles of the next zoom are on their way.
  const last = Math.ceil(zoom) + 1;
  for (const [z, x, y] of touched) {
    add({ z, x, y });
    for (let up = 1; up <= z; up++) {
      const [columns, rows] = [x, y].map((from) => meeting(from, z, up)) as [number[], number[]];
      for (const column of columns) for (const row of rows) add({ z: z - up, x: column, y: row });
    }
    for (let below = z + 1; below <= last; below++) {
      const across = 2 ** (below - z);
      const [northWest, southEast] = [tileAt(view[0], view[3], below), tileAt(view[2], view[1], below)];
      const first = { x: Math.max(x * across, northWest.x), y: Math.max(y * across, northWest.y) };
      const end = {
        x: Math.min((x + 1) * across - 1, southEast.x),
        y: Math.min((y + 1) * across - 1, southEast.y),
      };
      for (let column = first.x; column <= end.x; column++) {
        for (let row = first.y; row <= end.y; row++) add({ z: below, x: column, y: row });
      }
    }
  }
  return [...stale.values()];
}
