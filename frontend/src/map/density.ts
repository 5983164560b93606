/** Where there is much of something: hexagons in colours, or heat. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { LonLat } from '../api';

const SOURCE = 'density';
const LAYER = 'density:drawn';

function clear(map: MapLibre) {
  if (map.getLayer(LAYER)) map.removeLayer(LAYER);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
}

/** Names stay above what is drawn. */
const names = (map: MapLibre) => map.getStyle().layers.find(({ type }) => type === 'symbol')?.id;

/** Places of a cell lie apart: so much more than their share each gives, for a full cell to be hot. */
const GATHERED = 4;

/** From nothing to the most. */
export const HEAT: [number, string][] = [
  [0, 'rgba(255,255,255,0)'],
  [0.15, '#fee5d9'],
  [0.4, '#fcae91'],
  [0.6, '#fb6a4a'],
  [0.8, '#de2d26'],
  [1, '#a50f15'],
];

/** Hexagons with their colours; null takes them away. */
export function drawHexagons(map: MapLibre, cells: { ring: LonLat[]; color: string }[] | null): void {
  clear(map);
  if (!cells) return;
  map.addSource(SOURCE, {
    type: 'geojson',
    data: {
      type: 'FeatureCollection',
      features: cells.map(({ ring, color }) => ({
        type: 'Feature',
        geometry: { type: 'Polygon', coordinates: [ring] },
        properties: { color },
      })),
    },
  });
  map.addLayer(
    {
      id: LAYER,
      type: 'fill',
      source: SOURCE,
      paint: { 'fill-color': ['get', 'color'], 'fill-opacity': 0.62, 'fill-outline-color': '#ffffff' },
    },
    names(map),
  );
}

/** Heat over places by how much weighs there: hot where `most` comes together; null takes it away. */
export function drawHeat(
  map: MapLibre,
  places: { place: LonLat; value: number }[] | null,
  most: number,
): void {
  clear(map);
  if (!places) return;
  map.addSource(SOURCE, {
    type: 'geojson',
    data: {
      type: 'FeatureCollection',
      features: places.map(({ place, value }) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: place },
        properties: { weight: most > 0 ? Math.min((GATHERED * value) / most, 1) : 0 },
      })),
    },
  });
  map.addLayer(
    {
      id: LAYER,
      type: 'heatmap',
      source: SOURCE,
      paint: {
        'heatmap-weight': ['get', 'weight'],
        'heatmap-radius': ['interpolate', ['exponential', 2], ['zoom'], 11, 8, 18, 160],
        'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 11, 1, 18, 3],
        'heatmap-opacity': 0.75,
        'heatmap-color': ['interpolate', ['linear'], ['heatmap-density'], ...HEAT.flat()],
      },
    },
    names(map),
  );
}
