import { describe, expect, it } from 'vitest';
import { rescored, sharesOf } from './weights';

describe('weights of maturity', () => {
  const terms = [
    { code: 'consent', weight: 30, used: true },
    { code: 'survey', weight: 10, used: true },
    { code: 'plan', weight: 50, used: false },
  ];
  const values = [
    { code: 'consent', value: 0.8 },
    { code: 'survey', value: null },
    { code: 'plan', value: 1 },
  ];

  it('share the score among the terms that are used', () => {
    expect([...sharesOf(terms)]).toEqual([
      ['consent', 0.75],
      ['survey', 0.25],
    ]);
    expect(sharesOf([]).size).toBe(0);
  });

  it('make of what is not known nothing', () => {
    expect(rescored(values, terms)).toBeCloseTo(60, 9);
    expect(rescored(values, [])).toBe(0);
  });
});
