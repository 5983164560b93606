import { describe, expect, it } from 'vitest';
import type { Item, Layer } from '../api';
import { differences, firstChoice, resolved } from './conflict';
import { outlineFrom, outlineOf, vertices } from './geometry/outline';
import { moveShared } from './geometry/shared';
import { changesOf, featureOf, isDirty, MAIN, open } from './session';
import { compared, settle } from './settle';
import { begin, redo, step, undo } from './steps';

const layer: Layer = {
  id: 'grid',
  title: { zh: '网格', en: 'Grid' },
  theme: 'x',
  geometry: 'polygon',
  partition: true,
  fields: ['code', 'name', 'worker'].map((name) => ({
    name,
    label: { zh: name, en: name },
    type: 'text' as const,
  })),
};
const square = (west: number, south: number, size: number): GeoJSON.Polygon => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, south],
      [west + size, south],
      [west + size, south + size],
      [west, south + size],
      [west, south],
    ],
  ],
});
const item = (id: string, geometry: GeoJSON.Geometry, properties = {}): Item => ({
  type: 'Feature',
  id,
  geometry,
  properties: { code: id, name: null, worker: null, ...properties },
});
const held = (base: Item, version: number) => ({ id: String(base.id), version, base });

describe('an edit', () => {
  // The second lies beside the first, with its corners half-way along the other's edge.
  const a = item('a', square(0, 0, 2));
  const b = item('b', square(2, 0, 1));

  it('changes nothing until something was changed', () => {
    const session = open(layer, held(a, 7), [held(b, 0)]);
    expect(isDirty(session, session.initial)).toBe(false);
    expect(changesOf(session, session.initial)).toEqual([]);
    // The neighbour's corner stands in the border, but is no change by itself.
    expect([...vertices(session.initial.outlines.get(MAIN) ?? { kind: 'polygon', parts: [] })].length).toBe(
      5,
    );
    expect(featureOf(session, session.initial).geometry).toEqual(a.geometry);
  });

  it('sends the moved corner of both, each with the version that was read', () => {
    const session = open(layer, held(a, 7), [held(b, 3)]);
    const outlines = moveShared(session.initial.outlines, [2, 1], [2.5, 1]);
    const state = { outlines, values: { ...session.initial.values, worker: '李某' } };
    const changes = changesOf(session, state);
    expect(
      changes.map((change) => [
        change.op,
        'id' in change && change.id,
        'version' in change && change.version,
      ]),
    ).toEqual([
      ['update', 'a', 7],
      ['update', 'b', 3],
    ]);
    expect(changes[0]).toMatchObject({ feature: { properties: { worker: '李某' } } });
    expect(JSON.stringify(changes[1])).toContain('[2.5,1]');
    expect(JSON.stringify(changes[1])).not.toContain('properties');
  });

  it('sends a field alone where only a field was changed', () => {
    const session = open(layer, held(a, 7), []);
    const state = { ...session.initial, values: { ...session.initial.values, name: '一' } };
    expect(changesOf(session, state)).toEqual([
      { op: 'update', layer: 'grid', id: 'a', version: 7, feature: { properties: { name: '一' } } },
    ]);
  });

  it('inserts a new feature with what was filled in', () => {
    const session = open(layer, null, []);
    const outlines = new Map([
      [
        MAIN,
        outlineFrom('polygon', [
          [0, 0],
          [1, 0],
          [1, 1],
        ]),
      ],
    ]);
    expect(changesOf(session, { outlines, values: { code: 'n', name: '', worker: null } })).toEqual([
      {
        op: 'insert',
        layer: 'grid',
        feature: {
          properties: { code: 'n' },
          geometry: {
            type: 'Polygon',
            coordinates: [
              [
                [0, 0],
                [1, 0],
                [1, 1],
                [0, 0],
              ],
            ],
          },
        },
      },
    ]);
  });

  it('is undone and done again step by step, and forgets what was undone', () => {
    let steps = begin(0);
    for (const now of [1, 2, 3]) steps = step(steps, now);
    expect(undo(undo(steps)).now).toBe(1);
    expect(redo(undo(undo(steps))).now).toBe(2);
    expect(step(undo(steps), 9).after).toEqual([]);
    expect(undo(begin(0)).now).toBe(0);
    expect(step(steps, 3)).toBe(steps);
  });
});

describe('two edits of one feature', () => {
  const base = item('a', square(0, 0, 2), { name: '一', worker: '甲' });
  const mine = item('a', square(0, 0, 3), { name: '我的', worker: '甲' });
  const theirs = item('a', square(0, 0, 2), { name: '他的', worker: '乙' });

  it('asks only where both changed the same differently', () => {
    const all = differences(layer, base, mine, theirs);
    expect(Object.fromEntries(all.map((each) => [each.field, each.by]))).toEqual({
      geometry: 'mine',
      name: 'both',
      worker: 'theirs',
    });
    expect(all.map(firstChoice)).toEqual(['mine', null, 'theirs']);
    expect(differences(layer, base, mine, mine)).toEqual([]);
  });

  it('makes of the choices one feature', () => {
    const all = differences(layer, base, mine, theirs);
    const made = resolved(theirs, all, { geometry: 'mine', name: 'mine', worker: 'theirs' });
    expect(made.properties).toMatchObject({ name: '我的', worker: '乙' });
    expect(made.geometry).toEqual(mine.geometry);
    const other = resolved(theirs, all, { geometry: 'theirs', name: 'theirs', worker: 'theirs' });
    expect(other.properties).toMatchObject({ name: '他的' });
    expect(other.geometry).toEqual(theirs.geometry);
  });

  it('takes one shape for another only where a position differs', () => {
    const turned = { ...square(0, 0, 2), coordinates: [[...(square(0, 0, 2).coordinates[0] ?? [])]] };
    expect(differences(layer, base, base, item('a', turned, base.properties))).toEqual([]);
    expect(outlineOf(turned)).toEqual(outlineOf(base.geometry));
  });

  it('goes on from what is there now, with the shape that was chosen', () => {
    const session = open(layer, held(base, 7), []);
    const moved = moveShared(session.initial.outlines, [2, 2], [3, 3]);
    const state = { outlines: moved, values: { ...session.initial.values, name: '我的' } };
    const conflict = compared(session, state, { item: theirs, version: 9 }, []);
    expect(conflict.choices).toEqual({ geometry: 'mine', name: null, worker: 'theirs' });
    const mineKept = settle(session, state, { ...conflict, choices: { ...conflict.choices, name: 'mine' } });
    expect(changesOf(mineKept.session, mineKept.state)).toMatchObject([
      {
        op: 'update',
        id: 'a',
        version: 9,
        feature: { properties: { name: '我的' }, geometry: { type: 'Polygon' } },
      },
    ]);
    const theirsTaken = settle(session, state, {
      ...conflict,
      choices: { geometry: 'theirs', name: 'theirs' },
    });
    expect(changesOf(theirsTaken.session, theirsTaken.state)).toEqual([]);
  });

  it('finds no conflict where nothing was changed meanwhile', () => {
    const session = open(layer, held(base, 7), [held(item('b', square(2, 0, 1)), 3)]);
    const same = compared(session, session.initial, { item: base, version: 7 }, [
      { item: item('b', square(2, 0, 1)), version: 3 },
    ]);
    expect(same).toMatchObject({ theirs: null, differences: [], others: [] });
  });
});
