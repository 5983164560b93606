import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from '../api/renewal';
import { joined, toggled } from './recipe';

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
