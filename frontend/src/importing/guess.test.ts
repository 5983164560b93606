import { describe, expect, it } from 'vitest';
import type { Layer } from '../api';
import { guessLayer } from './guess';

const layer = (id: string, zh: string, en: string): Layer => ({
  id,
  title: { zh, en },
  theme: 'x',
  geometry: 'polygon',
  fields: [],
});
const layers = [
  layer('grid', '网格', 'Grids'),
  layer('grid_event', '网格事件', 'Grid events'),
  layer('building', '建筑物', 'Buildings'),
];

describe('the layer of a file', () => {
  it('is told by its name, the longer word before the shorter', () => {
    expect(guessLayer(['东华村网格事件2026.xlsx'], layers)).toBe('grid_event');
    expect(guessLayer(['东华村网格.shp', '东华村网格.dbf'], layers)).toBe('grid');
    expect(guessLayer(['BUILDING_2026.zip'], layers)).toBe('building');
    expect(guessLayer(['新建文件夹.zip'], layers)).toBeNull();
  });
});
