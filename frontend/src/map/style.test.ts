import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import { catalogLayerOf, layersOf, looked } from './style';

const fill: LayerSpecification = {
  id: 'layer:grid:fill',
  type: 'fill',
  source: 'layer:grid',
  'source-layer': 'grid',
  layout: { visibility: 'visible' },
  paint: { 'fill-color': ['get', 'color'], 'fill-opacity': 0.4 },
};
const label: LayerSpecification = {
  id: 'layer:grid:label',
  type: 'symbol',
  source: 'layer:grid',
  layout: { 'text-field': ['get', 'name'], visibility: 'none' },
  paint: { 'text-opacity': 1 },
};

describe('looked', () => {
  it('is as faint as the reader wants it, of what the style has', () => {
    expect(looked(fill, { visible: true, opacity: 0.5 }).paint).toEqual({
      'fill-color': ['get', 'color'],
      'fill-opacity': 0.2,
    });
    expect(looked(label, { visible: true, opacity: 0.5 }).paint).toEqual({ 'text-opacity': 0.5 });
  });

  it('shows and hides, and keeps the rest of the layout', () => {
    expect(looked(fill, { visible: false, opacity: 1 }).layout).toEqual({ visibility: 'none' });
    expect(looked(label, { visible: true, opacity: 1 }).layout).toEqual({
      'text-field': ['get', 'name'],
      visibility: 'visible',
    });
    expect(label.layout?.visibility).toBe('none');
  });
});

describe('catalogLayerOf', () => {
  it('reads back the layer of a style layer', () => {
    expect(catalogLayerOf('layer:land_use:fill')).toBe('land_use');
    expect(catalogLayerOf('layer:a:b:line')).toBe('a:b');
    expect(catalogLayerOf('layer:building:rim')).toBe('building'); // stayed on screen, switched off
    expect(catalogLayerOf('selection:fill')).toBeNull();
  });
});

describe('layersOf', () => {
  it('are those of one catalog layer, in their order', () => {
    const style: StyleSpecification = {
      version: 8,
      sources: {},
      layers: [{ id: 'paper', type: 'background' }, fill, { ...fill, id: 'layer:grid2:fill' }, label],
    };
    expect(layersOf(style, 'grid')).toEqual([fill, label]);
  });
});
