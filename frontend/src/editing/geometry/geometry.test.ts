import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LonLat } from '../../api';
import { distance } from '../../map/geodesy';
import { crossing } from './crossing';
import {
  addHole,
  edges,
  equal,
  geometryOf,
  insertVertex,
  moveVertex,
  type Outline,
  onLattice,
  outlineFrom,
  outlineOf,
  removeVertex,
  same,
  vertices,
} from './outline';
import { insertShared, knot, moveShared, type Outlines, removeShared } from './shared';
import { SnapIndex } from './snap';
import { Borders } from './trace';

/** A point by metres east and north of a corner of the village. */
const at = (east: number, north: number): LonLat =>
  onLattice([113.59 + east / 102_400, 23.11 + north / 110_740]);
const polygon = (...points: [number, number][]) =>
  outlineFrom(
    'polygon',
    points.map(([x, y]) => at(x, y)),
  );
const square = (x: number, y: number, size: number) =>
  polygon([x, y], [x + size, y], [x + size, y + size], [x, y + size]);
const count = (outline: Outline) => [...vertices(outline)].length;

describe('an outline', () => {
  it('becomes a geometry and comes back', () => {
    const geometries: GeoJSON.Geometry[] = [
      { type: 'Point', coordinates: [113.5, 23.1] },
      {
        type: 'MultiPoint',
        coordinates: [
          [113.5, 23.1],
          [113.6, 23.2],
        ],
      },
      {
        type: 'LineString',
        coordinates: [
          [113.5, 23.1],
          [113.6, 23.2],
        ],
      },
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [1, 1],
            [2, 2],
          ],
          [
            [3, 3],
            [4, 4],
            [5, 5],
          ],
        ],
      },
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [9, 0],
            [9, 9],
            [0, 9],
            [0, 0],
          ],
          [
            [1, 1],
            [1, 2],
            [2, 2],
            [2, 1],
            [1, 1],
          ],
        ],
      },
      {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 0],
            ],
          ],
          [
            [
              [5, 5],
              [6, 5],
              [6, 6],
              [5, 5],
            ],
          ],
        ],
      },
    ];
    for (const geometry of geometries) {
      expect(geometryOf(outlineOf(geometry) as Outline)).toEqual(geometry);
    }
    expect(outlineOf(null)).toBeNull();
  });

  it('is moved, gains and loses corners, and goes when too few are left', () => {
    const before = square(0, 0, 10);
    const first = { part: 0, ring: 0, index: 0 };
    expect([...vertices(moveVertex(before, first, at(1, 1)))][0]?.point).toEqual(at(1, 1));
    expect(count(insertVertex(before, first, at(5, 0)))).toBe(5);
    const three = removeVertex(before, first);
    expect(count(three)).toBe(3);
    expect(removeVertex(three, first).parts).toEqual([]);
    expect(count(before)).toBe(4);
  });

  it('takes a hole inside, none across its edge, and loses it with its third corner', () => {
    const before = square(0, 0, 10);
    const hole = addHole(before, [at(2, 2), at(4, 2), at(4, 4)]) as Outline;
    expect(hole.parts[0]?.length).toBe(2);
    expect(addHole(before, [at(2, 2), at(14, 2), at(4, 4)])).toBeNull();
    expect(equal(removeVertex(hole, { part: 0, ring: 1, index: 1 }), before)).toBe(true);
  });

  it('knows where it crosses itself, and that rings may touch', () => {
    expect(crossing(square(0, 0, 10))).toBeNull();
    const bow = crossing(polygon([0, 0], [10, 10], [10, 0], [0, 10]));
    expect(bow && distance(bow, at(5, 5))).toBeLessThan(0.01);
    expect(crossing(polygon([0, 0], [10, 0], [5, 0], [5, 9]))).not.toBeNull();
    const touching = addHole(square(0, 0, 10), [at(0, 0), at(4, 2), at(2, 4)]) as Outline;
    expect(crossing(touching)).toBeNull();
    const across: Outline = {
      kind: 'polygon',
      parts: [[...(square(0, 0, 10).parts[0] ?? []), [at(5, 5), at(15, 5), at(15, 6)]]],
    };
    expect(crossing(across)).not.toBeNull();
  });
});

describe('snapping', () => {
  const index = new SnapIndex([square(0, 0, 10), square(10, 0, 10), outlineFrom('point', [at(40, 40)])]);

  it('meets a corner before an edge, an edge at its nearest point, and nothing out of reach', () => {
    expect(index.nearest(at(9.2, 0.6), 2)).toMatchObject({ kind: 'vertex', point: at(10, 0) });
    const edge = index.nearest(at(5, 1), 2);
    expect(edge?.kind).toBe('edge');
    expect(distance(edge?.point as LonLat, at(5, 0))).toBeLessThan(0.001);
    expect(index.nearest(at(5, 5), 2)).toBeNull();
    expect(index.nearest(at(40.5, 40.5), 2)).toMatchObject({ kind: 'vertex', point: at(40, 40) });
  });

  it('passes over the corner that is being moved, and its edges', () => {
    expect(index.nearest(at(0.3, 0.3), 2, [at(0, 0)])).toBeNull();
    expect(index.nearest(at(10.3, 0.3), 2, [at(0, 0)])?.point).toEqual(at(10, 0));
  });

  it('finds what a search through everything finds', () => {
    const near = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(near, fc.integer({ min: 2, max: 25 })), { minLength: 1, maxLength: 25 }),
        near,
        fc.integer({ min: 1, max: 40 }),
        (squares, [x, y], reach) => {
          const outlines = squares.map(([[sx, sy], size]) => square(sx, sy, size));
          const asked = at(x + 0.37, y + 0.61);
          const found = new SnapIndex(outlines).nearest(asked, reach);
          const corners = outlines.flatMap((outline) => [...vertices(outline)].map(({ point }) => point));
          const nearest = Math.min(...corners.map((corner) => distance(asked, corner)));
          if (nearest < reach - 0.01) {
            expect(found?.kind).toBe('vertex');
            expect(distance(asked, found?.point as LonLat)).toBeCloseTo(nearest, 2);
            return;
          }
          if (nearest < reach + 0.01) return; // on the rim the flat and the geodesic distance may differ
          // Sampled every few centimetres: no edge is nearer than what was found.
          const onEdges = outlines.flatMap((outline) =>
            [...edges(outline)].flatMap(({ a, b }) =>
              Array.from(
                { length: 101 },
                (_, step): LonLat => [
                  a[0] + ((b[0] - a[0]) * step) / 100,
                  a[1] + ((b[1] - a[1]) * step) / 100,
                ],
              ),
            ),
          );
          const edge = Math.min(...onEdges.map((point) => distance(asked, point)));
          if (edge > reach + 0.3) expect(found).toBeNull();
          if (found) expect(distance(asked, found.point)).toBeLessThan(edge + 0.01);
          else expect(edge).toBeGreaterThan(reach - 0.01);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('borders that are shared', () => {
  /** Two squares side by side, and one below that spans both. */
  const village: Outlines = new Map([
    ['a', square(0, 0, 10)],
    ['b', square(10, 0, 10)],
    ['c', polygon([0, -10], [20, -10], [20, 0], [0, 0])],
  ]);

  it('a corner moves for all who have it', () => {
    const moved = moveShared(village, at(0, 0), at(-2, 1));
    expect([...vertices(moved.get('a') as Outline)].some(({ point }) => same(point, at(-2, 1)))).toBe(true);
    expect([...vertices(moved.get('c') as Outline)].some(({ point }) => same(point, at(-2, 1)))).toBe(true);
    expect(moved.get('b')).toBe(village.get('b'));
  });

  it('a corner on the middle of a neighbour’s edge is knotted into it, and then moves with it', () => {
    const knotted = knot(village, 'a');
    expect(count(knotted.get('c') as Outline)).toBe(5);
    const moved = moveShared(knotted, at(10, 0), at(10, -3));
    for (const key of ['a', 'b', 'c']) {
      expect([...vertices(moved.get(key) as Outline)].some(({ point }) => same(point, at(10, -3)))).toBe(
        true,
      );
    }
  });

  it('a corner set on a shared edge stands in both, and is taken from both', () => {
    const set = insertShared(village, at(10, 0), at(10, 10), at(10, 5));
    expect(count(set.get('a') as Outline)).toBe(5);
    expect(count(set.get('b') as Outline)).toBe(5);
    expect(set.get('c')).toBe(village.get('c'));
    const back = removeShared(set, at(10, 5));
    for (const [key, outline] of village) expect(equal(back.get(key) as Outline, outline)).toBe(true);
  });

  it('whatever is moved, what was one border stays one border', () => {
    // A grid of cells with every corner shared: after any moves each inner edge still stands in two cells.
    const corner = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }));
    const step = fc.record({
      corner,
      east: fc.integer({ min: -3, max: 3 }),
      north: fc.integer({ min: -3, max: 3 }),
    });
    const cells = () => {
      const made = new Map<string, Outline>();
      for (let x = 0; x < 4; x++)
        for (let y = 0; y < 4; y++) made.set(`${x}-${y}`, square(x * 20, y * 20, 20));
      return made as Outlines;
    };
    const name = (a: LonLat, b: LonLat) => [a.join(), b.join()].sort().join(' ');
    const borders = (outlines: Outlines) => {
      const seen = new Map<string, number>();
      for (const outline of outlines.values()) {
        for (const { a, b } of edges(outline)) seen.set(name(a, b), (seen.get(name(a, b)) ?? 0) + 1);
      }
      return seen;
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let outlines = cells();
        const place = new Map<string, LonLat>();
        for (const {
          corner: [x, y],
          east,
          north,
        } of steps) {
          const from = place.get(`${x}-${y}`) ?? at(x * 20, y * 20);
          const to = at(x * 20 + east, y * 20 + north);
          outlines = moveShared(outlines, from, to);
          place.set(`${x}-${y}`, to);
        }
        const all = borders(outlines);
        expect([...all.values()].filter((cellsOf) => cellsOf === 2).length).toBe(24);
        expect([...all.values()].filter((cellsOf) => cellsOf === 1).length).toBe(16);
      }),
      { numRuns: 60 },
    );
  });
});

describe('tracing', () => {
  const bent = polygon([0, 0], [10, 2], [20, 0], [30, 3], [30, 30], [0, 30]);
  const borders = new Borders([...edges(bent)].map(({ a, b }): [LonLat, LonLat] => [a, b]));
  const snap = new SnapIndex([bent]);
  const on = (x: number, y: number) => {
    const found = snap.nearest(at(x, y), 3);
    if (!found) throw new Error('nothing to snap to');
    return found;
  };

  it('follows the bends between two corners, the shorter way round', () => {
    expect(borders.between(on(0, 0), on(30, 3))).toEqual([at(10, 2), at(20, 0)]);
    expect(borders.between(on(30, 3), on(0, 0))).toEqual([at(20, 0), at(10, 2)]);
  });

  it('starts and ends on edges too', () => {
    expect(borders.between(on(5, 1), on(25, 1.5))).toEqual([at(10, 2), at(20, 0)]);
    expect(borders.between(on(4, 1), on(6, 1))).toEqual([]);
  });

  it('goes no way that leaves the borders or is far round', () => {
    const apart = square(100, 100, 5);
    const two = new Borders([...edges(bent), ...edges(apart)].map(({ a, b }): [LonLat, LonLat] => [a, b]));
    const there = {
      point: at(100, 100),
      kind: 'vertex' as const,
      edge: [at(100, 100), at(100, 100)] as [LonLat, LonLat],
    };
    expect(two.between(on(0, 0), there)).toBeNull();
    const slit = polygon([0, 0], [1, 100], [2, 0], [2, -1], [0, -1]);
    const way = new Borders([...edges(slit)].map(({ a, b }): [LonLat, LonLat] => [a, b]));
    const point = (x: number, y: number) => ({
      point: at(x, y),
      kind: 'vertex' as const,
      edge: [at(x, y), at(x, y)] as [LonLat, LonLat],
    });
    expect(way.between(point(0, 0), point(2, 0))).toEqual([at(0, -1), at(2, -1)]);
  });
});
