import type { Map as MapLibre } from 'maplibre-gl';
import { boldFonts } from './fonts';

const SOURCE = 'clusters';
const LAYERS = ['clusters:circle', 'clusters:count'];

/** The features of a layer as numbered points, whose numbers add up at every zoom; null takes them away. */
export function drawClusters(map: MapLibre, layer: string, tiles: string | null): void {
  for (const id of LAYERS) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
  if (!tiles) return;
  map.addSource(SOURCE, { type: 'vector', tiles: [tiles], minzoom: 0, maxzoom: 17 });
  map.addLayer({
    id: 'clusters:circle',
    type: 'circle',
    source: SOURCE,
    'source-layer': layer,
    paint: {
      'circle-color': '#a50f15',
      'circle-opacity': 0.85,
      'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1, 9, 10, 20, 40, 34],
      'circle-stroke-color': '#fff',
      'circle-stroke-width': 1.5,
    },
  });
  map.addLayer({
    id: 'clusters:count',
    type: 'symbol',
    source: SOURCE,
    'source-layer': layer,
    layout: {
      'text-field': ['to-string', ['get', 'count']],
      'text-font': boldFonts(),
      'text-size': 12,
      'text-allow-overlap': true,
    },
    paint: { 'text-color': '#fff' },
  });
}
