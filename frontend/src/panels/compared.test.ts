import { describe, expect, it } from 'vitest';
import { change, yearBefore } from './compared';

describe('the year before', () => {
  it('has the same day, or the last of its month', () => {
    expect(yearBefore('2026-11-22')).toBe('2025-11-22');
    expect(yearBefore('2024-02-29')).toBe('2023-02-28');
  });

  it('is more or less by percent, and of nothing by nothing', () => {
    expect(change(110, 100)).toBe('+10%');
    expect(change(2, 3)).toBe('-33.33%');
    expect(change(5, 0)).toBe('—');
    expect(change(7, 7)).toBe('0%');
  });
});
