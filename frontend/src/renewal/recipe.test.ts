import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from '../api/renewal';
import { begin, redo, type Steps, step, undo } from '../editing/steps';
import { encloses, joined, toggled } from './recipe';

const grids = (...ids: string[]): Step => ({ add: { layer: 'grid', ids } });

describe('the steps of an outline', () => {
  it('keeps chosen grids in one step', () => {
    const steps = toggled(toggled([], 'b', false), 'a', false);
    expect(steps).toEqual([grids('a', 'b')]);
    expect(toggled(steps, 'a', true)).toEqual([grids('b')]);
    expect(toggled(toggled(steps, 'a', true), 'b', true)).toEqual([]);
  });

  it('takes a grid out of what was cut since', () => {
    const cut: Step = { cut: { line: { type: 'LineString', coordinates: [] }, drop: [0, 0] } };
    const steps = [grids('a', 'b'), cut];
    expect(toggled(steps, 'a', true)).toEqual([...steps, { remove: { layer: 'grid', ids: ['a'] } }]);
    expect(toggled(steps, 'c', false)).toEqual([...steps, grids('c')]);
  });

  it('joins a lasso to the grids before it and nothing else', () => {
    const ground = { layer: 'grid', ids: ['b', 'a'] };
    expect(joined([grids('b', 'c')], 'add', ground)).toEqual([grids('a', 'b', 'c')]);
    expect(joined([grids('b')], 'remove', ground)).toEqual([grids('b'), { remove: ground }]);
    const houses = { layer: 'building', ids: ['x'] };
    expect(joined([grids('b')], 'add', houses)).toEqual([grids('b'), { add: houses }]);
  });

  it('takes for an area what is around some ground and crosses itself nowhere', () => {
    const ring = (...points: [number, number][]) =>
      points.map(([x, y]): [number, number] => [113 + x / 1000, 23 + y / 1000]);
    expect(encloses(ring([0, 0], [1, 0], [1, 1], [0, 1], [0, 0]))).toBe(true);
    expect(encloses(ring([0, 0], [1, 0], [2, 0], [0, 0]))).toBe(false);
    expect(encloses(ring([0, 0], [2, 2], [2, 0], [0, 1], [0, 0]))).toBe(false);
  });

  it('stands where it stood after every step was taken back and done again', () => {
    const grid = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const act = fc.oneof(
      grid.map((id) => ({ act: 'toggle' as const, id })),
      grid.map((id) => ({ act: 'lasso' as const, id })),
      fc.double({ min: 0, max: 1, noNaN: true }).map((x) => ({ act: 'cut' as const, x })),
      fc.constant({ act: 'undo' as const }),
      fc.constant({ act: 'redo' as const }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        // What was drawn, state by state, and where undo and redo stand in it.
        let [states, at]: [Step[][], number] = [[[]], 0];
        let table: Steps<Step[]> = begin<Step[]>([]);
        for (const own of acts) {
          if (own.act === 'undo') [table, at] = [undo(table), Math.max(0, at - 1)];
          else if (own.act === 'redo') [table, at] = [redo(table), Math.min(states.length - 1, at + 1)];
          else {
            const next =
              own.act === 'cut'
                ? [
                    ...table.now,
                    {
                      cut: {
                        line: { type: 'LineString' as const, coordinates: [] },
                        drop: [own.x, 0] as [number, number],
                      },
                    },
                  ]
                : own.act === 'lasso'
                  ? joined(table.now, 'add', { layer: 'grid', ids: [own.id] })
                  : toggled(table.now, own.id, JSON.stringify(table.now).includes(`"${own.id}"`));
            table = step(table, next);
            states = [...states.slice(0, at + 1), next];
            at += 1;
          }
          expect(table.now).toEqual(states[at]);
          expect([table.before.length, table.after.length]).toEqual([at, states.length - 1 - at]);
        }
        let all = table;
        while (all.before.length > 0) all = undo(all);
        expect(all.now).toEqual([]);
        while (all.after.length > 0) all = redo(all);
        expect(all.now).toEqual(states.at(-1));
      }),
    );
  });

  it('is empty again after every grid was clicked twice', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), (ids) => {
        const inside = new Set<string>();
        let steps: Step[] = [];
        for (const id of [...ids, ...[...ids].reverse()]) {
          steps = toggled(steps, id, inside.has(id));
          if (!inside.delete(id)) inside.add(id);
        }
        expect(steps).toEqual([]);
      }),
    );
  });
});
