import { describe, expect, it } from 'vitest';
import { denominator, roundLength } from './position';

describe('roundLength', () => {
  it.each([
    [1, 120, 100],
    [0.5, 120, 50],
    [2.3, 120, 200],
    [0.06, 120, 5],
    [40, 120, 2000],
  ])('%f m a pixel in %i pixels', (metres, pixels, expected) => {
    const length = roundLength(metres, pixels);
    expect(length).toBeCloseTo(expected, 9);
    expect(length / metres).toBeLessThanOrEqual(pixels);
  });
});

describe('denominator', () => {
  it('is the scale at 96 dots an inch, to two figures', () => {
    expect(denominator(0.0254 / 96)).toBe(1);
    expect(denominator((0.0254 / 96) * 5000)).toBe(5000);
    expect(denominator((0.0254 / 96) * 12_345)).toBe(12_000);
  });
});
