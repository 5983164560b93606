/**
 * Where the name of a large area is written: once, at the point inside farthest from its edges. Tiles cut
 * areas, and would write the name once a tile.
 */
import type { Feature, Geometry, Point, Position } from 'geojson';
import type { Layer } from '../api';

/** Layers with more features than this keep the labels of their tiles; houses fit into a tile. */
const MOST = 600;

/** Whether a layer's labels are placed here. */
export function labelledOnce(layer: Layer): boolean {
  return (
    layer.geometry === 'polygon' &&
    layer.style?.label_zoom !== undefined &&
    layer.count !== undefined &&
    layer.count > 0 &&
    layer.count <= MOST
  );
}

/** A degree of latitude, near enough for whether a name fits. */
const METRES_A_DEGREE = 111_000;

/**
 * Label points of areas, with the properties of the areas and `room_m`, the distance to the nearest edge
 * in metres; what is no area is left out.
 */
export function labelPoints(features: Feature<Geometry | null>[]): Feature<Point>[] {
  const points: Feature<Point>[] = [];
  for (const { geometry, properties } of features) {
    if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') continue;
    const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    const largest = parts.reduce((best, part) => (size(part) > size(best) ? part : best));
    const { point, room } = innermost(largest);
    points.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: point },
      properties: { ...properties, room_m: room * METRES_A_DEGREE },
    });
  }
  return points;
}

function size(rings: Position[][]): number {
  const ring = rings[0] ?? [];
  let twice = 0;
  for (let index = 1; index < ring.length; index++) {
    const [p, q] = [ring[index - 1] as Position, ring[index] as Position];
    twice += (p[0] as number) * (q[1] as number) - (q[0] as number) * (p[1] as number);
  }
  return Math.abs(twice);
}

/**
 * The point inside farthest from the edges and that distance in degrees of latitude, to a fiftieth of the
 * area's smaller side (Agafonkin's quadtree search).
 */
export function innermost(rings: Position[][]): { point: [number, number]; room: number } {
  const outer = rings[0] as [number, number][];
  const lats = outer.map((position) => position[1]);
  const lons = outer.map((position) => position[0]);
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  // Degrees of longitude are shorter: the search runs in a plane of equal degrees.
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const plane = rings.map((ring) =>
    ring.map((position) => [(position[0] as number) * squeeze, position[1] as number] as const),
  );
  const width = (east - west) * squeeze;
  const height = north - south;
  const precision = Math.min(width, height) / 50;
  interface Cell {
    x: number;
    y: number;
    half: number;
    inside: number;
    most: number;
  }
  const cell = (x: number, y: number, half: number): Cell => {
    const inside = depth(x, y, plane);
    return { x, y, half, inside, most: inside + half * Math.SQRT2 };
  };
  let best = cell(west * squeeze + width / 2, south + height / 2, 0);
  const side = Math.min(width, height);
  if (side === 0) return { point: [west, south], room: 0 };
  const queue: Cell[] = [];
  for (let x = west * squeeze; x < east * squeeze; x += side) {
    for (let y = south; y < north; y += side) queue.push(cell(x + side / 2, y + side / 2, side / 2));
  }
  for (let round = 0; queue.length > 0 && round < 2000; round++) {
    queue.sort((a, b) => a.most - b.most);
    const next = queue.pop() as Cell;
    if (next.inside > best.inside) best = next;
    if (next.most - best.inside <= precision) break;
    const half = next.half / 2;
    for (const [dx, dy] of [
      [-half, -half],
      [half, -half],
      [-half, half],
      [half, half],
    ] as const) {
      queue.push(cell(next.x + dx, next.y + dy, half));
    }
  }
  return { point: [best.x / squeeze, best.y], room: best.inside };
}

/** Distance of a point from the nearest edge, negative outside. */
function depth(x: number, y: number, rings: (readonly [number, number])[][]): number {
  let inside = false;
  let least = Infinity;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [ax, ay] = ring[i] as readonly [number, number];
      const [bx, by] = ring[j] as readonly [number, number];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
      const [dx, dy] = [bx - ax, by - ay];
      const along =
        dx === 0 && dy === 0
          ? 0
          : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
      least = Math.min(least, Math.hypot(ax + along * dx - x, ay + along * dy - y));
    }
  }
  return inside ? least : -least;
}
