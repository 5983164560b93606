/** A ring that grows corner by corner, by taps on the map or by walking around what stands there. */
import type { GeoJSONSource, MapMouseEvent } from 'maplibre-gl';
import type { LonLat } from '../api';
import type { Stage } from './stage';

const SOURCE = 'sketch';
const LAYERS = ['sketch:fill', 'sketch:line', 'sketch:corner'];
const RED = '#a50f15';

export class Sketch {
  constructor(
    private readonly stage: Stage,
    private readonly tapped: (at: LonLat) => void,
  ) {
    const { map } = stage;
    map.addSource(SOURCE, { type: 'geojson', data: ring([]) });
    map.addLayer({
      id: 'sketch:fill',
      type: 'fill',
      source: SOURCE,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': RED, 'fill-opacity': 0.15 },
    });
    map.addLayer({
      id: 'sketch:line',
      type: 'line',
      source: SOURCE,
      paint: { 'line-color': RED, 'line-width': 2.5 },
    });
    map.addLayer({
      id: 'sketch:corner',
      type: 'circle',
      source: SOURCE,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': 5,
        'circle-color': '#fff',
        'circle-stroke-color': RED,
        'circle-stroke-width': 2,
      },
    });
  }

  /** While taps are corners, they do not ask what is there. */
  taps(on: boolean): void {
    this.stage.inspecting = !on;
    this.stage.map.off('click', this.tap);
    if (on) this.stage.map.on('click', this.tap);
  }

  show(points: LonLat[]): void {
    (this.stage.map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(ring(points));
  }

  remove(): void {
    const { map } = this.stage;
    this.taps(false);
    for (const id of LAYERS) if (map.getLayer(id)) map.removeLayer(id);
    if (map.getSource(SOURCE)) map.removeSource(SOURCE);
  }

  private readonly tap = ({ lngLat }: MapMouseEvent) => this.tapped([lngLat.lng, lngLat.lat]);
}

function ring(points: LonLat[]): GeoJSON.FeatureCollection {
  const [first] = points;
  const shape: GeoJSON.Geometry[] =
    first && points.length > 2
      ? [{ type: 'Polygon', coordinates: [[...points, first]] }]
      : points.length === 2
        ? [{ type: 'LineString', coordinates: points }]
        : [];
  const corners = points.map((at): GeoJSON.Geometry => ({ type: 'Point', coordinates: at }));
  return {
    type: 'FeatureCollection',
    features: [...shape, ...corners].map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
  };
}
