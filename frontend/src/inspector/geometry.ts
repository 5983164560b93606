import type { Geometry, MultiPolygon, Polygon, Position } from 'geojson';
import type { Bounds, LonLat } from '../api';

function* positions(geometry: Geometry): Generator<Position> {
  switch (geometry.type) {
    case 'Point':
      yield geometry.coordinates;
      break;
    case 'MultiPoint':
    case 'LineString':
      yield* geometry.coordinates;
      break;
    case 'MultiLineString':
    case 'Polygon':
      for (const line of geometry.coordinates) yield* line;
      break;
    case 'MultiPolygon':
      for (const polygon of geometry.coordinates) for (const ring of polygon) yield* ring;
      break;
    case 'GeometryCollection':
      for (const part of geometry.geometries) yield* positions(part);
      break;
  }
}

/** The box around a geometry, or null where there is none. */
export function boundsOf(geometry: Geometry | null | undefined): Bounds | null {
  if (!geometry) return null;
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of positions(geometry)) {
    if (lon === undefined || lat === undefined) continue;
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return box[0] <= box[2] ? box : null;
}

/** The middle of a geometry's box. */
export function positionOf(geometry: Geometry | null): LonLat | null {
  const box = boundsOf(geometry);
  return box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : null;
}

/** Whether a point lies in an area. For what is under a pointer or a reader: the server alone counts. */
export function contains(area: Polygon | MultiPolygon, [x, y]: LonLat): boolean {
  const parts = area.type === 'Polygon' ? [area.coordinates] : area.coordinates;
  let inside = false;
  for (const ring of parts.flat()) {
    for (let at = 0; at + 1 < ring.length; at += 1) {
      const [a, b] = [ring[at] as LonLat, ring[at + 1] as LonLat];
      if (a[1] > y !== b[1] > y && x < a[0] + ((y - a[1]) * (b[0] - a[0])) / (b[1] - a[1])) inside = !inside;
    }
  }
  return inside;
}
