import { describe, expect, it } from 'vitest';
import { matching, tilesOf } from './houses';

const entries = [
  { id: 'a', text: '东华村石井直街二巷3号 44011810122400001 老祠堂', point: null },
  { id: 'b', text: '东华村石井直街二巷13号 44011810122400002', point: null },
];

describe('houses taken along', () => {
  it('are found by any parts of address, code and local name, full-width or not', () => {
    expect(matching(entries, '二巷３号').map((one) => one.id)).toEqual(['a']);
    expect(matching(entries, '石井 00002').map((one) => one.id)).toEqual(['b']);
    expect(matching(entries, '祠堂').map((one) => one.id)).toEqual(['a']);
    expect(matching(entries, ' ')).toEqual([]);
  });

  it('lie on the tiles of their grid', () => {
    expect(tilesOf([113.63, 23.13, 113.63, 23.13], 15)).toEqual([[26726, 14219]]);
    expect(tilesOf([113.62, 23.12, 113.64, 23.14], 14).length).toBeGreaterThan(1);
  });
});
