import { describe, expect, it } from 'vitest';
import { nextCode } from './numbering';

describe('the next code', () => {
  it('counts the last digits on, however long the code is', () => {
    expect(nextCode('440118101224007')).toBe('440118101224008');
    expect(nextCode('440118101224S00099')).toBe('440118101224S00100');
    expect(nextCode('44011810122400100000000000009')).toBe('44011810122400100000000000010');
    expect(nextCode('GX-9')).toBe('GX-10');
    expect(nextCode('临时')).toBe('临时-2');
  });
});
