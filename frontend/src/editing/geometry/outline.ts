/**
 * Geometry as it is edited: parts of rings (or lines, or points) without the closing position of a ring.
 * Every operation gives a new outline and leaves the old one, so that undo is only to keep it.
 */
import type { Geometry, Position } from 'geojson';
import type { LonLat } from '../../api';

export type Kind = 'point' | 'line' | 'polygon';

/** Polygons: parts of an outer ring and holes. Lines and points: each part has one list of positions. */
export interface Outline {
  readonly kind: Kind;
  readonly parts: readonly (readonly (readonly LonLat[])[])[];
}

/** Where a position stands: part, ring within it, place within the ring. */
export interface At {
  part: number;
  ring: number;
  index: number;
}

/** The lattice that the server keeps coordinates on: 1e-9 of a degree, a tenth of a millimetre. */
export function onLattice([lon, lat]: LonLat): LonLat {
  const snap = (degrees: number) => Math.round(degrees * 1e9) / 1e9 + 0;
  return [snap(lon), snap(lat)];
}

export const same = (a: LonLat, b: LonLat): boolean => a[0] === b[0] && a[1] === b[1];

/** Fewest positions of a ring or line of a kind. */
export const fewest = (kind: Kind): number => ({ point: 1, line: 2, polygon: 3 })[kind];

const pair = (position: Position): LonLat => [position[0] as number, position[1] as number];

function open(ring: Position[]): LonLat[] {
  const points = ring.map(pair);
  const [first, last] = [points[0], points[points.length - 1]];
  return first && last && points.length > 1 && same(first, last) ? points.slice(0, -1) : points;
}

/** The outline of a geometry; null for none and for collections. */
export function outlineOf(geometry: Geometry | null | undefined): Outline | null {
  switch (geometry?.type) {
    case 'Point':
      return { kind: 'point', parts: [[[pair(geometry.coordinates)]]] };
    case 'MultiPoint':
      return { kind: 'point', parts: geometry.coordinates.map((point) => [[pair(point)]]) };
    case 'LineString':
      return { kind: 'line', parts: [[geometry.coordinates.map(pair)]] };
    case 'MultiLineString':
      return { kind: 'line', parts: geometry.coordinates.map((line) => [line.map(pair)]) };
    case 'Polygon':
      return { kind: 'polygon', parts: [geometry.coordinates.map(open)] };
    case 'MultiPolygon':
      return { kind: 'polygon', parts: geometry.coordinates.map((part) => part.map(open)) };
    default:
      return null;
  }
}

/** The geometry of an outline; a multi-geometry only where it has several parts. */
export function geometryOf({ kind, parts }: Outline): Geometry | null {
  if (parts.length === 0) return null;
  const copy = (ring: readonly LonLat[]) => ring.map(([lon, lat]) => [lon, lat]);
  const closed = (ring: readonly LonLat[]) => [...copy(ring), ...copy(ring.slice(0, 1))];
  const [first] = parts;
  switch (kind) {
    case 'point': {
      const points = parts.map((part) => copy(part[0] ?? [])[0] as Position);
      return points.length === 1
        ? { type: 'Point', coordinates: points[0] as Position }
        : { type: 'MultiPoint', coordinates: points };
    }
    case 'line':
      return parts.length === 1
        ? { type: 'LineString', coordinates: copy(first?.[0] ?? []) }
        : { type: 'MultiLineString', coordinates: parts.map((part) => copy(part[0] ?? [])) };
    case 'polygon':
      return parts.length === 1
        ? { type: 'Polygon', coordinates: (first ?? []).map(closed) }
        : { type: 'MultiPolygon', coordinates: parts.map((part) => part.map(closed)) };
  }
}

/** Every position with its place. */
export function* vertices(outline: Outline): Generator<{ at: At; point: LonLat }> {
  for (const [part, rings] of outline.parts.entries()) {
    for (const [ring, points] of rings.entries()) {
      for (const [index, point] of points.entries()) yield { at: { part, ring, index }, point };
    }
  }
}

/** Every edge: the place of its first position, and both ends. */
export function* edges(outline: Outline): Generator<{ at: At; a: LonLat; b: LonLat }> {
  if (outline.kind === 'point') return;
  for (const { at, point } of vertices(outline)) {
    const ring = outline.parts[at.part]?.[at.ring] ?? [];
    const next = ring[at.index + 1] ?? (outline.kind === 'polygon' && ring.length > 2 ? ring[0] : undefined);
    if (next) yield { at, a: point, b: next };
  }
}

function withRing(outline: Outline, { part, ring }: At, points: readonly LonLat[]): Outline {
  return {
    kind: outline.kind,
    parts: outline.parts.map((rings, p) =>
      p === part ? rings.map((old, r) => (r === ring ? points : old)) : rings,
    ),
  };
}

const ringAt = (outline: Outline, at: At): readonly LonLat[] => outline.parts[at.part]?.[at.ring] ?? [];

/** Moves one position. */
export function moveVertex(outline: Outline, at: At, to: LonLat): Outline {
  return withRing(
    outline,
    at,
    ringAt(outline, at).map((point, index) => (index === at.index ? onLattice(to) : point)),
  );
}

/** Puts a position behind the one at a place. */
export function insertVertex(outline: Outline, at: At, point: LonLat): Outline {
  const ring = ringAt(outline, at);
  return withRing(outline, at, [
    ...ring.slice(0, at.index + 1),
    onLattice(point),
    ...ring.slice(at.index + 1),
  ]);
}

/** Takes a position away; with too few left the hole, part or whole goes. */
export function removeVertex(outline: Outline, at: At): Outline {
  const left = ringAt(outline, at).filter((_, index) => index !== at.index);
  if (left.length >= fewest(outline.kind)) return withRing(outline, at, left);
  return removeRing(outline, at);
}

/** Takes a hole away, or with its outer ring a whole part. */
export function removeRing(outline: Outline, at: Pick<At, 'part' | 'ring'>): Outline {
  if (at.ring === 0) {
    return { kind: outline.kind, parts: outline.parts.filter((_, part) => part !== at.part) };
  }
  return {
    kind: outline.kind,
    parts: outline.parts.map((rings, part) =>
      part === at.part ? rings.filter((_, ring) => ring !== at.ring) : rings,
    ),
  };
}

/** Whether a point lies in a ring (even–odd; the edge counts by a half-open rule). */
export function inRing(ring: readonly LonLat[], [x, y]: LonLat): boolean {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i] as LonLat;
    const [bx, by] = ring[j] as LonLat;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/** The part whose outer ring holds a ring whole; null where none does. */
function partAround(outline: Outline, ring: readonly LonLat[]): number | null {
  const found = outline.parts.findIndex((rings) => {
    const outer = rings[0] ?? [];
    return ring.every((point) => inRing(outer, point) || outer.some((corner) => same(corner, point)));
  });
  return found < 0 ? null : found;
}

/** Cuts a hole; null where the ring does not lie in one part. */
export function addHole(outline: Outline, ring: readonly LonLat[]): Outline | null {
  if (outline.kind !== 'polygon' || ring.length < 3) return null;
  const part = partAround(outline, ring);
  if (part === null) return null;
  const hole = ring.map(onLattice);
  return {
    kind: 'polygon',
    parts: outline.parts.map((rings, index) => (index === part ? [...rings, hole] : rings)),
  };
}

/** Adds a part of its own: another polygon, line or point. */
export function addPart(outline: Outline, points: readonly LonLat[]): Outline {
  return { kind: outline.kind, parts: [...outline.parts, [points.map(onLattice)]] };
}

/** An outline of one part. */
export function outlineFrom(kind: Kind, points: readonly LonLat[]): Outline {
  return addPart({ kind, parts: [] }, points);
}

/** Whether two outlines are the same, position for position. */
export function equal(one: Outline | null, other: Outline | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
