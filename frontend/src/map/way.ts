import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { LonLat } from '../api';
import { boldFonts } from './fonts';

const SOURCE = 'way';
const BLUE = '#1b5fa8';

/** A way over some numbered places; null takes it away. */
export function drawWay(map: MapLibre, way: LonLat[] | null, stops: LonLat[]): void {
  const data: GeoJSON.FeatureCollection = {
    type: 'FeatureCollection',
    features: !way
      ? []
      : [
          { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: way } },
          ...stops.map(
            (at, index): GeoJSON.Feature => ({
              type: 'Feature',
              properties: { number: String(index + 1) },
              geometry: { type: 'Point', coordinates: at },
            }),
          ),
        ],
  };
  const source = map.getSource(SOURCE) as GeoJSONSource | undefined;
  if (source) {
    source.setData(data);
    return;
  }
  if (!way) return;
  map.addSource(SOURCE, { type: 'geojson', data });
  map.addLayer({
    id: 'way:line',
    type: 'line',
    source: SOURCE,
    filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-join': 'round', 'line-cap': 'round' },
    paint: { 'line-color': BLUE, 'line-width': 3, 'line-dasharray': [1.5, 1.5] },
  });
  map.addLayer({
    id: 'way:stop',
    type: 'circle',
    source: SOURCE,
    filter: ['==', ['geometry-type'], 'Point'],
    paint: {
      'circle-radius': 10,
      'circle-color': BLUE,
      'circle-stroke-color': '#fff',
      'circle-stroke-width': 2,
    },
  });
  map.addLayer({
    id: 'way:number',
    type: 'symbol',
    source: SOURCE,
    filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'text-field': ['get', 'number'],
      'text-font': boldFonts(),
      'text-size': 11,
      'text-allow-overlap': true,
    },
    paint: { 'text-color': '#fff' },
  });
}
