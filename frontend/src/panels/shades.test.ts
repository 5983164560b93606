import { describe, expect, it } from 'vitest';
import { shadesOf } from './shades';

describe('shades of a number', () => {
  it('reach from one to the greatest without a gap', () => {
    const shades = shadesOf([1, 3, 9, 16, 2]);
    expect(shades.map(({ least, most }) => [least, most])).toEqual([
      [1, 4],
      [5, 8],
      [9, 12],
      [13, 16],
    ]);
    expect(new Set(shades.map((shade) => shade.color)).size).toBe(4);
  });

  it('are as many as there are different parts', () => {
    expect(shadesOf([1, 1, 1]).map(({ least, most }) => [least, most])).toEqual([[1, 1]]);
    expect(shadesOf([2, 1]).map(({ least, most }) => [least, most])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(shadesOf([])).toEqual([]);
  });
});
