import type { LayerSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import type { CodeList, Layer } from '../api';
import { inkOf } from './color';
import { codeColors, legend } from './legend';
import { catalogLayerOf, drawingOrder, styleLayers } from './style';

const text = (zh: string) => ({ zh, en: zh });

function layer(id: string, extra: Partial<Layer> = {}): Layer {
  return {
    id,
    title: text(id),
    theme: 'planning',
    geometry: 'polygon',
    label: 'name',
    style: { color: '#336699', fill_opacity: 0.4, width: 1.5 },
    fields: [{ name: 'name', label: text('名称'), type: 'text' }],
    ...extra,
  };
}

const lists: Record<string, CodeList> = {
  use: {
    id: 'use',
    title: text('用途'),
    codes: [
      { code: '01', label: text('耕地'), color: '#e8d9a0' },
      { code: '0101', label: text('水田'), parent: '01' },
      { code: '出租', label: text('出租') },
    ],
  },
};

const byType = (specs: LayerSpecification[], type: string) => specs.filter((spec) => spec.type === type);

describe('styleLayers', () => {
  it('draws an area as fill and outline, with the reader’s opacity on both', () => {
    const specs = styleLayers(layer('grid'), lists, 0.5);
    expect(specs.map((spec) => spec.id)).toEqual(['layer:grid:fill', 'layer:grid:outline']);
    expect(byType(specs, 'fill')[0]?.paint).toMatchObject({ 'fill-color': '#336699', 'fill-opacity': 0.2 });
    expect(byType(specs, 'line')[0]?.paint).toMatchObject({ 'line-opacity': 0.5 });
    for (const spec of specs) {
      expect(spec).toMatchObject({ source: 'layer:grid', 'source-layer': 'grid' });
    }
  });

  it('draws no fill where the catalog gives none', () => {
    const specs = styleLayers(
      layer('village', { style: { color: '#333333', fill_opacity: 0, width: 2 } }),
      lists,
    );
    expect(specs.map((spec) => spec.type)).toEqual(['line']);
  });

  it('colours by the code list, with a default for unknown codes', () => {
    const coloured = layer('land_use', {
      style: { color: '#999999', fill_opacity: 1, width: 1, color_by: 'class_code' },
      fields: [{ name: 'class_code', label: text('地类'), type: 'text', code_list: 'use' }],
    });
    const fill = byType(styleLayers(coloured, lists), 'fill')[0];
    const colors = codeColors(lists.use as CodeList);
    expect(fill?.paint).toMatchObject({
      'fill-color': [
        'match',
        ['to-string', ['get', 'class_code']],
        '01',
        '#e8d9a0',
        '0101',
        '#e8d9a0', // a narrower code without a colour takes its parent's
        '出租',
        colors.get('出租'),
        '#999999',
      ],
    });
  });

  it('falls back to one colour where the field has no code list', () => {
    const plain = layer('x', { style: { color: '#123456', fill_opacity: 1, color_by: 'name' } });
    expect(byType(styleLayers(plain, lists), 'fill')[0]?.paint).toMatchObject({ 'fill-color': '#123456' });
    expect(legend(plain, lists)).toEqual([]);
  });

  it('dashes lines, honours the least zooms, and hides what is off', () => {
    const dashed = layer('control_line', {
      geometry: 'line',
      style: { color: '#aa0000', width: 2, dash: [4, 2], min_zoom: 13, label_zoom: 16 },
    });
    const specs = styleLayers(dashed, lists, 1, false);
    expect(specs[0]?.paint).toMatchObject({ 'line-dasharray': [4, 2] });
    expect(specs.map((spec) => spec.minzoom)).toEqual([13, 16]);
    for (const spec of specs) expect(spec.layout?.visibility).toBe('none');
  });

  it('draws the borders of a partition whole: two neighbours’ dashes would not meet', () => {
    const style = { color: '#336699', width: 2, dash: [4, 2] };
    const outline = (count: number) => {
      const shared = layer('grid', { partition: true, count, style });
      return byType(styleLayers(shared, lists), 'line')[0]?.paint as Record<string, unknown>;
    };
    expect(outline(7)['line-dasharray']).toBeUndefined();
    expect(outline(1)['line-dasharray']).toEqual([4, 2]);
  });

  it('writes labels with real font families, as MapLibre takes generic ones for names', () => {
    const labelled = layer('grid', { partition: true, style: { color: '#333333', label_zoom: 13 } });
    const label = byType(styleLayers(labelled, lists), 'symbol')[0];
    const fonts = (label?.layout as { 'text-font'?: string[] } | undefined)?.['text-font'] ?? [];
    expect(fonts.length).toBeGreaterThan(2);
    expect(fonts).not.toContain('sans-serif');
    expect(byType(styleLayers(layer('grid', { style: { color: '#333333' } }), lists), 'symbol')).toEqual([]);
  });

  it('draws lines that know their width at their width on the ground', () => {
    const road = layer('road', {
      geometry: 'line',
      style: { color: '#ffffff', outline: '#cccccc', width: 2 },
      fields: [{ name: 'width_m', label: text('宽度'), type: 'decimal', unit: 'm' }],
    });
    const specs = styleLayers(road, lists);
    expect(specs.map((spec) => spec.id)).toEqual(['layer:road:casing', 'layer:road:line']);
    expect(JSON.stringify(specs[1]?.paint)).toContain('width_m');
  });

  it('draws each kind of a layer that mixes them, and nothing of a table', () => {
    const mixed = styleLayers(layer('drawing', { geometry: 'any' }), lists);
    expect(new Set(mixed.map((spec) => spec.type))).toEqual(new Set(['fill', 'line', 'circle']));
    for (const spec of mixed) expect('filter' in spec && spec.filter).toBeTruthy();
    expect(styleLayers(layer('person', { geometry: 'none' }), lists)).toEqual([]);
  });
});

describe('drawingOrder', () => {
  it('follows the catalog’s order, areas under lines under points where it gives none, labels on top', () => {
    const style = (draw_order?: number) => ({
      color: '#336699',
      fill_opacity: 0.4,
      width: 1,
      label_zoom: 14,
      ...(draw_order === undefined ? {} : { draw_order }),
    });
    const order = drawingOrder(
      [
        layer('violation_case', { style: style(520) }),
        layer('facility', { geometry: 'point', style: style() }),
        layer('building', { style: style(300) }),
        layer('foreign', { style: style() }),
        layer('road', { geometry: 'line', style: style(60) }),
      ],
      lists,
      () => ({ visible: true, opacity: 1 }),
    ).map((spec) => spec.id);
    expect(order).toEqual([
      'layer:road:line',
      'layer:building:fill',
      'layer:building:outline',
      'layer:foreign:fill',
      'layer:foreign:outline',
      'layer:violation_case:fill',
      'layer:violation_case:outline',
      'layer:facility:circle',
      'layer:road:label',
      'layer:building:label',
      'layer:foreign:label',
      'layer:violation_case:label',
      'layer:facility:label',
    ]);
  });
});

describe('inkOf', () => {
  it('never writes in a colour too pale for paper', () => {
    expect(inkOf('#FFFFFF', '#B9AE9F')).not.toBe('#ffffff');
    for (const [color, outline] of [
      ['#FFFFFF', undefined],
      ['#2F855A', '#FFFFFF'],
      ['#CDBFAE', '#8A7866'],
    ] as const) {
      const channels = (inkOf(color, outline).match(/[0-9a-f]{2}/gi) ?? []).map((hex) =>
        Number.parseInt(hex, 16),
      );
      expect(Math.max(...channels), `${color} ${outline}`).toBeLessThan(150);
    }
  });
});

describe('catalogLayerOf', () => {
  it('reads back the layer of a style layer', () => {
    expect(catalogLayerOf('layer:land_use:fill')).toBe('land_use');
    expect(catalogLayerOf('layer:a:b:line')).toBe('a:b');
    expect(catalogLayerOf('selection:fill')).toBeNull();
  });
});

describe('labels', () => {
  it('come from points of their own where the areas are few, from the tiles else', () => {
    const style = { color: '#333333', label_zoom: 13 };
    const few = byType(styleLayers(layer('grid', { style, count: 7 }), lists), 'symbol')[0];
    expect(few).toMatchObject({ source: 'labels:grid' });
    expect(few && 'source-layer' in few).toBe(false);
    const many = byType(styleLayers(layer('building', { style, count: 1495 }), lists), 'symbol')[0];
    expect(many).toMatchObject({ source: 'layer:building', 'source-layer': 'building' });
  });
});
