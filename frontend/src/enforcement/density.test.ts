import { describe, expect, it } from 'vitest';
import { densityClasses } from './density';

describe('density', () => {
  it('puts every grid with something into one class, in order', () => {
    const figures = new Map(Array.from({ length: 111 }, (_, at) => [`g${at}`, (at * 7919) % 53] as const));
    const classes = densityClasses(figures);
    const ids = classes.flatMap((own) => own.ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe([...figures.values()].filter((value) => value > 0).length);
    expect(classes.reduce((all, own) => all + own.sum, 0)).toBe(
      [...figures.values()].reduce((all, value) => all + value, 0),
    );
    for (const [at, own] of classes.entries()) {
      expect(own.from).toBeLessThanOrEqual(own.to);
      if (at > 0) expect(own.from).toBeGreaterThan((classes[at - 1] as (typeof classes)[0]).to);
    }
  });

  it('has one class where all are alike, and none where there is nothing', () => {
    expect(
      densityClasses(
        new Map([
          ['a', 3],
          ['b', 3],
          ['c', 3],
        ]),
      ),
    ).toHaveLength(1);
    expect(densityClasses(new Map([['a', 0]]))).toEqual([]);
  });
});
