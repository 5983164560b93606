/** The nearest vertex or edge of what may be snapped to. */
import Flatbush from 'flatbush';
import type { LonLat } from '../../api';
import { degreeAt } from '../../map/geodesy';
import { edges, type Outline, onLattice, same, vertices } from './outline';

export interface Snapped {
  point: LonLat;
  kind: 'vertex' | 'edge';
  /** The ends of the edge that was met; both the vertex where that was met. */
  edge: [LonLat, LonLat];
}

/**
 * An index of vertices and edges. Built once for what is on screen, asked at each move of the pointer: Flatbush
 * (a static, packed R-tree) answers in microseconds.
 */
export class SnapIndex {
  private readonly segments: [LonLat, LonLat][] = [];
  private readonly tree: Flatbush | null;

  constructor(outlines: Iterable<Outline>) {
    for (const outline of outlines) {
      if (outline.kind === 'point') {
        for (const { point } of vertices(outline)) this.segments.push([point, point]);
      } else {
        for (const { a, b } of edges(outline)) this.segments.push([a, b]);
      }
    }
    this.tree = this.segments.length > 0 ? new Flatbush(this.segments.length) : null;
    for (const [a, b] of this.segments) {
      this.tree?.add(Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1]));
    }
    this.tree?.finish();
  }

  /** All edges, for tracing. */
  get edges(): readonly [LonLat, LonLat][] {
    return this.segments;
  }

  /**
   * What is nearest to a point within a reach in metres. A vertex within reach wins over every edge: corners
   * are what people aim at. Positions of `without` are passed over, so that a moved corner does not meet itself.
   */
  nearest(point: LonLat, reach: number, without: readonly LonLat[] = []): Snapped | null {
    if (!this.tree) return null;
    const plane = planeAt(point);
    const [w, h] = [reach / plane.x, reach / plane.y];
    const near = this.tree.search(point[0] - w, point[1] - h, point[0] + w, point[1] + h);
    const left = (corner: LonLat) => without.some((each) => same(each, corner));
    let best: Snapped | null = null;
    let least = reach;
    for (const index of near) {
      const segment = this.segments[index] as [LonLat, LonLat];
      for (const corner of segment) {
        const away = plane.distance(point, corner);
        if (away > least || left(corner)) continue;
        least = away;
        best = { point: corner, kind: 'vertex', edge: [corner, corner] };
      }
    }
    if (best) return best;
    for (const index of near) {
      const [a, b] = this.segments[index] as [LonLat, LonLat];
      if (same(a, b) || left(a) || left(b)) continue;
      const foot = plane.foot(point, a, b);
      const away = plane.distance(point, foot);
      if (away > least) continue;
      least = away;
      best = { point: onLattice(foot), kind: 'edge', edge: [a, b] };
    }
    return best;
  }
}

/** Metres around a point, flat: exact enough over the few metres that a pointer may miss. */
function planeAt([, lat]: LonLat) {
  const { east: x, north: y } = degreeAt(lat);
  return {
    x,
    y,
    distance: (a: LonLat, b: LonLat) => Math.hypot((a[0] - b[0]) * x, (a[1] - b[1]) * y),
    foot(point: LonLat, a: LonLat, b: LonLat): LonLat {
      const [dx, dy] = [(b[0] - a[0]) * x, (b[1] - a[1]) * y];
      const along = ((point[0] - a[0]) * x * dx + (point[1] - a[1]) * y * dy) / (dx * dx + dy * dy);
      const t = Math.max(0, Math.min(1, along));
      return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
    },
  };
}
