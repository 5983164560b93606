/** The way along existing borders from one point to another. */
import FlatQueue from 'flatqueue';
import type { LonLat } from '../../api';
import { same } from './outline';
import type { Snapped } from './snap';

/** How much longer than the straight line a way may be: farther round, it is not what was meant. */
const DETOUR = 12;

const keyOf = ([lon, lat]: LonLat) => `${lon},${lat}`;

/** Corners and the edges between them, as a network to walk on. */
export class Borders {
  private readonly corners: LonLat[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly next: number[][] = [];

  constructor(edges: Iterable<readonly [LonLat, LonLat]>) {
    for (const [a, b] of edges) {
      const [i, j] = [this.number(a), this.number(b)];
      if (i !== j) this.join(i, j);
    }
  }

  private number(point: LonLat): number {
    const key = keyOf(point);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.corners.push(point) - 1;
      this.numbers.set(key, number);
      this.next.push([]);
    }
    return number;
  }

  private join(i: number, j: number): void {
    if (this.next[i]?.includes(j)) return;
    this.next[i]?.push(j);
    this.next[j]?.push(i);
  }

  /**
   * The corners between two snapped points on the shortest way along borders, without the points themselves;
   * null where there is none that is not far round.
   */
  between(from: Snapped, to: Snapped): LonLat[] | null {
    const [starts, ends] = [this.entries(from), this.entries(to)];
    if (starts.length === 0 || ends.length === 0) return null;
    // Two points on one edge: the edge itself is the way.
    if (from.kind === 'edge' && to.kind === 'edge' && sameEdge(from.edge, to.edge)) return [];
    const goal = new Set(ends);
    const limit = far(from.point, to.point) * DETOUR;
    const best = new Map<number, number>();
    const before = new Map<number, number>();
    const queue = new FlatQueue<number>();
    for (const start of starts) {
      const way = far(from.point, this.corners[start] as LonLat);
      best.set(start, way);
      queue.push(start, way);
    }
    let end: number | undefined;
    let shortest = Number.POSITIVE_INFINITY;
    for (;;) {
      const way = queue.peekValue();
      const here = queue.pop();
      if (here === undefined || way === undefined || way > limit || way >= shortest) break;
      if (way > (best.get(here) ?? Number.POSITIVE_INFINITY)) continue;
      if (goal.has(here)) {
        const whole = way + far(this.corners[here] as LonLat, to.point);
        if (whole < shortest) [shortest, end] = [whole, here];
      }
      for (const other of this.next[here] ?? []) {
        const longer = way + far(this.corners[here] as LonLat, this.corners[other] as LonLat);
        if (longer >= (best.get(other) ?? Number.POSITIVE_INFINITY)) continue;
        best.set(other, longer);
        before.set(other, here);
        queue.push(other, longer);
      }
    }
    if (end === undefined || shortest > limit) return null;
    const way: LonLat[] = [];
    for (let at: number | undefined = end; at !== undefined; at = before.get(at)) {
      way.push(this.corners[at] as LonLat);
    }
    way.reverse();
    return way.filter((corner) => !same(corner, from.point) && !same(corner, to.point));
  }

  /** Where the network is entered from a point: the corner itself, or both ends of its edge. */
  private entries({ point, kind, edge }: Snapped): number[] {
    const corners = kind === 'vertex' ? [point] : edge;
    return corners.flatMap((corner) => this.numbers.get(keyOf(corner)) ?? []);
  }
}

function sameEdge(one: [LonLat, LonLat], other: [LonLat, LonLat]): boolean {
  return (
    (same(one[0], other[0]) && same(one[1], other[1])) || (same(one[0], other[1]) && same(one[1], other[0]))
  );
}

/** A length to compare ways by, in degrees of latitude. */
function far(a: LonLat, b: LonLat): number {
  return Math.hypot((a[0] - b[0]) * Math.cos((a[1] * Math.PI) / 180), a[1] - b[1]);
}
