/** Style layers of a base map under the village's own layers. */
import type { LayerSpecification } from 'maplibre-gl';
import type { BaseMap } from '../api';

/** The base map's layers: the image itself, or the usual layers of OpenMapTiles and Protomaps archives. */
export function baseLayers(base: BaseMap): LayerSpecification[] {
  if (base.kind === 'raster') {
    return [
      {
        id: 'base:image',
        source: 'base',
        type: 'raster',
        // A little paler, so that the layers above stay legible.
        paint: { 'raster-saturation': -0.15, 'raster-opacity': 0.92 },
      },
    ];
  }
  const fill = (layer: string, color: string): LayerSpecification => ({
    id: `base:${layer}`,
    source: 'base',
    'source-layer': layer,
    type: 'fill',
    paint: { 'fill-color': color },
  });
  const line = (layer: string, color: string, width: number): LayerSpecification => ({
    id: `base:${layer}`,
    source: 'base',
    'source-layer': layer,
    type: 'line',
    paint: {
      'line-color': color,
      'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 8, width * 0.4, 18, width * 5],
    },
  });
  return [
    fill('earth', '#f6f4ee'),
    fill('landcover', '#e6ecd9'),
    fill('landuse', '#ecece2'),
    fill('park', '#dfe9d0'),
    fill('water', '#c6dbe6'),
    fill('buildings', '#e2ddd2'),
    fill('building', '#e2ddd2'),
    line('waterway', '#c6dbe6', 1),
    line('roads', '#ffffff', 1.4),
    line('transportation', '#ffffff', 1.4),
    line('boundaries', '#b9b2a3', 0.7),
    line('boundary', '#b9b2a3', 0.7),
  ];
}
