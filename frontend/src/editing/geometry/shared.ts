/**
 * Borders that features share. What is done to a position or an edge of one is done to the same position or
 * edge of its neighbours, so that no gap and no overlap comes to be.
 */
import type { LonLat } from '../../api';
import {
  edges,
  insertVertex,
  moveVertex,
  type Outline,
  onLattice,
  removeVertex,
  same,
  vertices,
} from './outline';

/** Outlines by a key of their feature. */
export type Outlines = ReadonlyMap<string, Outline>;

function changed(outlines: Outlines, change: (outline: Outline) => Outline): Outlines {
  let result: Map<string, Outline> | null = null;
  for (const [key, outline] of outlines) {
    const after = change(outline);
    if (after === outline) continue;
    result ??= new Map(outlines);
    result.set(key, after);
  }
  return result ?? outlines;
}

/** Moves a position wherever it stands. */
export function moveShared(outlines: Outlines, from: LonLat, to: LonLat): Outlines {
  return changed(outlines, (outline) => {
    let moved = outline;
    for (const { at, point } of vertices(outline)) if (same(point, from)) moved = moveVertex(moved, at, to);
    return moved;
  });
}

/** Puts a position on the edge between two, wherever that edge is, in either direction. */
export function insertShared(outlines: Outlines, a: LonLat, b: LonLat, point: LonLat): Outlines {
  return changed(outlines, (outline) => {
    for (const edge of edges(outline)) {
      const here = (same(edge.a, a) && same(edge.b, b)) || (same(edge.a, b) && same(edge.b, a));
      if (here) return insertVertex(outline, edge.at, point);
    }
    return outline;
  });
}

/** Takes a position away wherever it stands. */
export function removeShared(outlines: Outlines, point: LonLat): Outlines {
  return changed(outlines, (outline) => {
    let left = outline;
    // Each removal moves the places behind it: look again from the start.
    for (;;) {
      const found = [...vertices(left)].find((vertex) => same(vertex.point, point));
      if (!found) return left;
      left = removeVertex(left, found.at);
    }
  });
}

/**
 * Puts the positions of one outline that lie on edges of the others into those edges: a corner drawn on the
 * middle of a neighbour's border becomes a corner of both, and stays on the border when it is moved.
 */
export function knot(outlines: Outlines, key: string, reach = 1.5e-9): Outlines {
  const own = outlines.get(key);
  if (!own) return outlines;
  const corners = [...vertices(own)].map(({ point }) => onLattice(point));
  const others = new Map([...outlines].filter(([other]) => other !== key));
  const knotted = changed(others, (outline) => {
    let result = outline;
    for (const corner of corners) {
      if ([...vertices(result)].some(({ point }) => same(point, corner))) continue;
      const edge = [...edges(result)].find(({ a, b }) => onEdge(corner, a, b, reach));
      if (edge) result = insertVertex(result, edge.at, corner);
    }
    return result;
  });
  return knotted === others ? outlines : new Map([...knotted, [key, own]]);
}

/** Whether a point lies on an edge, as near as the lattice allows. */
export function onEdge([x, y]: LonLat, [ax, ay]: LonLat, [bx, by]: LonLat, reach: number): boolean {
  if (x < Math.min(ax, bx) - reach || x > Math.max(ax, bx) + reach) return false;
  if (y < Math.min(ay, by) - reach || y > Math.max(ay, by) + reach) return false;
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.hypot(dx, dy);
  if (length === 0) return false;
  return Math.abs(dx * (y - ay) - dy * (x - ax)) / length <= reach;
}
