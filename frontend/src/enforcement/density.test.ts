import { describe, expect, it } from 'vitest';
import { densityClasses, filterOf } from './density';

describe('filter', () => {
  it('asks the map for the cases that the panel counts', () => {
    expect(filterOf({ by: 'year', date: 'demolished', from: '', to: '' })).toBe('');
    expect(
      filterOf({ date: 'closed', from: '2018-01-01', to: '2018-12-31', kind: '违法用地', is_new: 'false' }),
    ).toBe(
      "closed_on >= DATE('2018-01-01') AND closed_on <= DATE('2018-12-31') AND kind = '违法用地' AND is_new = FALSE",
    );
    expect(filterOf({ source: "a'b" })).toBe("source = 'a''b'");
  });
});

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
