import { describe, expect, it } from 'vitest';
import { readLink, writeLink } from './permalink';

describe('permalink', () => {
  it('comes back as it was written', () => {
    const link = {
      view: { zoom: 16.25, center: [113.59012, 23.11021] as [number, number] },
      layers: ['grid', '自建 层,1'],
      selected: { layer: 'building', id: '4401/1 2' },
      base: '天地图',
      language: 'en' as const,
    };
    const back = readLink(writeLink(link));
    expect(back.layers).toEqual(link.layers);
    expect(back.selected).toEqual(link.selected);
    expect(back.base).toBe('天地图');
    expect(back.language).toBe('en');
    expect(back.view?.zoom).toBe(16.25);
    expect(back.view?.center[0]).toBeCloseTo(113.59012, 5);
    expect(back.view?.center[1]).toBeCloseTo(23.11021, 5);
  });

  it('tells “no layer shown” from “layers not said”', () => {
    expect(readLink('#map=15/23.1/113.6&layers=').layers).toEqual([]);
    expect(readLink('#map=15/23.1/113.6').layers).toBeUndefined();
  });

  it('leaves out what makes no sense', () => {
    for (const hash of [
      '',
      '#',
      '#map=15/23.1',
      '#map=a/b/c',
      '#map=15/113.6/23.1',
      '#map=//',
      '#sel=grid',
      '#sel=/1',
    ]) {
      expect(readLink(hash), hash).toEqual({});
    }
    expect(readLink('#lang=fr&sel=%E0%A4%A/x')).toEqual({ selected: { layer: '%E0%A4%A', id: 'x' } });
  });

  it('reads the code of a sheet on paper, and no half of one', () => {
    expect(readLink('#sheet=440118101224003-01&at=4711').print).toEqual({
      sheet: '440118101224003-01',
      at: 4711,
    });
    for (const half of ['#sheet=1', '#at=4711', '#sheet=1&at=', '#sheet=1&at=-2', '#sheet=1&at=1e9']) {
      expect(readLink(half).print, half).toBeUndefined();
    }
  });
});
