/** Where an outline crosses itself. */
import Flatbush from 'flatbush';
import type { LonLat } from '../../api';
import { edges, type Outline, same } from './outline';

/** A point where two edges of an outline cross or lie on each other; null where none do. */
export function crossing(outline: Outline): LonLat | null {
  if (outline.kind !== 'polygon') return null;
  const all = [...edges(outline)];
  if (all.length === 0) return null;
  const tree = new Flatbush(all.length);
  for (const { a, b } of all) {
    tree.add(Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1]));
  }
  tree.finish();
  for (const [i, { at, a, b }] of all.entries()) {
    const near = tree.search(
      Math.min(a[0], b[0]),
      Math.min(a[1], b[1]),
      Math.max(a[0], b[0]),
      Math.max(a[1], b[1]),
      (j) => j > i,
    );
    for (const j of near) {
      const other = all[j] as (typeof all)[number];
      const oneRing = at.part === other.at.part && at.ring === other.at.ring;
      const meet = meeting(a, b, other.a, other.b, oneRing);
      if (meet) return meet;
    }
  }
  return null;
}

const side = (a: LonLat, b: LonLat, c: LonLat) =>
  Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));

const within = (p: LonLat, a: LonLat, b: LonLat) =>
  p[0] >= Math.min(a[0], b[0]) &&
  p[0] <= Math.max(a[0], b[0]) &&
  p[1] >= Math.min(a[1], b[1]) &&
  p[1] <= Math.max(a[1], b[1]);

/** Where two edges meet otherwise than end to end. Two rings may touch in a point, a ring may not touch itself. */
function meeting(a: LonLat, b: LonLat, c: LonLat, d: LonLat, oneRing: boolean): LonLat | null {
  const ends = [same(a, c), same(a, d), same(b, c), same(b, d)].filter(Boolean).length;
  if (ends > 1) return a; // the same edge twice
  const [s1, s2, s3, s4] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (ends === 1) {
    // Edges from one corner fold back on each other where all three lie in one line on one side.
    const [corner, one, other] = same(a, c)
      ? [a, b, d]
      : same(a, d)
        ? [a, b, c]
        : same(b, c)
          ? [b, a, d]
          : [b, a, c];
    const dot = (one[0] - corner[0]) * (other[0] - corner[0]) + (one[1] - corner[1]) * (other[1] - corner[1]);
    return side(corner, one, other) === 0 && dot > 0 ? corner : null;
  }
  if (s1 * s2 < 0 && s3 * s4 < 0) {
    const t =
      ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) /
      ((b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]));
    return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
  }
  const touching: [number, LonLat, LonLat, LonLat][] = [
    [s1, c, a, b],
    [s2, d, a, b],
    [s3, a, c, d],
    [s4, b, c, d],
  ];
  const touches = touching.filter(([s, point, from, to]) => s === 0 && within(point, from, to));
  // Two touches are a stretch that both edges share.
  return touches.length > (oneRing ? 0 : 1) ? (touches[0]?.[1] ?? null) : null;
}
