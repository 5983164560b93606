/** The outline under way on the map, and the gestures that change it. Framework-free. */
import type { Feature, Geometry, Polygon } from 'geojson';
import type {
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibre,
  MapMouseEvent,
  MapTouchEvent,
} from 'maplibre-gl';
import type { LonLat } from '../api';

/** What a gesture means: a click on what is there, or a lasso around it. */
export type Hand = 'pick' | 'lasso' | 'none';

export interface Shown {
  outline: Geometry | null;
  /** What the outline would become. */
  preview: Geometry | null;
  /** What lies under the pointer. */
  under: Geometry | null;
  /** Ground that other units have. */
  conflicts: Geometry[];
  /** Holes where borders do not quite meet. */
  slivers: LonLat[];
  /** What is left over of grids that are only in part inside. */
  remainders: Geometry[];
}

export interface BoardEvents {
  hovered(point: LonLat | null): void;
  clicked(point: LonLat): void;
  /** A lasso on its way, closed where the pointer is. */
  lassoing(around: Polygon): void;
  lassoed(around: Polygon): void;
}

const SHAPE = 'renewal:shape';
const LASSO = 'renewal:lasso';
const VIOLET = '#6b3fa0';
const RED = '#c92a2a';
const AMBER = '#b86e00';

/** A lasso shorter than this, in pixels, is a click that slipped. */
const SHORTEST = 24;

export class Board {
  private hand: Hand = 'none';
  private way: LonLat[] | null = null;
  private readonly offs: (() => void)[] = [];

  constructor(
    private readonly map: MapLibre,
    private readonly events: BoardEvents,
  ) {
    for (const source of [SHAPE, LASSO]) map.addSource(source, { type: 'geojson', data: collection([]) });
    for (const layer of boardLayers()) map.addLayer(layer);
    const on = (type: string, listener: (event: never) => void) => {
      map.on(type as 'click', listener as never);
      this.offs.push(() => map.off(type as 'click', listener as never));
    };
    on('click', (event: MapMouseEvent) => {
      if (this.hand === 'pick') this.events.clicked([event.lngLat.lng, event.lngLat.lat]);
    });
    on('mousedown', (event: MapMouseEvent) => this.pressed(event));
    on('touchstart', (event: MapTouchEvent) => this.pressed(event));
    on('mousemove', (event: MapMouseEvent) => this.moved([event.lngLat.lng, event.lngLat.lat]));
    on('touchmove', (event: MapTouchEvent) => this.moved([event.lngLat.lng, event.lngLat.lat]));
    on('mouseup', () => this.released());
    on('touchend', () => this.released());
    on('mouseout', () => this.events.hovered(null));
  }

  /** Takes up a hand. */
  use(hand: Hand): void {
    this.hand = hand;
    this.way = null;
    this.set(LASSO, []);
    this.map.getCanvas().style.cursor = { pick: 'pointer', lasso: 'crosshair', none: '' }[hand];
  }

  show(shown: Shown): void {
    const areas: Feature[] = [];
    const add = (geometry: Geometry | null, role: string) => {
      if (geometry) areas.push({ type: 'Feature', geometry, properties: { role } });
    };
    add(shown.outline, 'outline');
    add(shown.preview, 'preview');
    add(shown.under, 'under');
    for (const conflict of shown.conflicts) add(conflict, 'conflict');
    for (const rest of shown.remainders) add(rest, 'rest');
    for (const place of shown.slivers) add({ type: 'Point', coordinates: place }, 'sliver');
    this.set(SHAPE, areas);
  }

  /** Takes everything from the map. */
  destroy(): void {
    for (const off of this.offs) off();
    for (const layer of boardLayers()) if (this.map.getLayer(layer.id)) this.map.removeLayer(layer.id);
    for (const source of [SHAPE, LASSO]) if (this.map.getSource(source)) this.map.removeSource(source);
    this.map.getCanvas().style.removeProperty('cursor');
  }

  private pressed(event: MapMouseEvent | MapTouchEvent): void {
    const gesture = event.originalEvent;
    const pinch = 'touches' in gesture && gesture.touches.length > 1;
    const otherButton = 'button' in gesture && gesture.button !== 0;
    if (this.hand !== 'lasso' || pinch || otherButton) {
      this.way = null;
      return;
    }
    event.preventDefault(); // the map stays where it is
    this.way = [[event.lngLat.lng, event.lngLat.lat]];
  }

  private moved(point: LonLat): void {
    if (!this.way) {
      this.events.hovered(point);
      return;
    }
    this.way.push(point);
    const around: Polygon = { type: 'Polygon', coordinates: [closed(this.way)] };
    this.set(LASSO, [{ type: 'Feature', geometry: around, properties: { role: 'lasso' } }]);
    if (this.isLasso(this.way)) this.events.lassoing(around);
  }

  private released(): void {
    const way = this.way;
    this.way = null;
    this.set(LASSO, []);
    if (!way) return;
    if (this.isLasso(way)) this.events.lassoed({ type: 'Polygon', coordinates: [closed(way)] });
    else this.events.hovered(null);
  }

  /** Whether a way is around something, and no click that slipped. */
  private isLasso(way: LonLat[]): boolean {
    if (way.length < 4) return false;
    const spots = way.map((point) => this.map.project(point));
    const xs = spots.map((spot) => spot.x);
    const ys = spots.map((spot) => spot.y);
    const wide = Math.max(...xs) - Math.min(...xs);
    const high = Math.max(...ys) - Math.min(...ys);
    return Math.max(wide, high) >= SHORTEST;
  }

  private set(source: string, features: Feature[]): void {
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(collection(features));
  }
}

const collection = (features: Feature[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features,
});

const closed = (way: LonLat[]): LonLat[] => [...way, way[0] as LonLat];

function boardLayers(): LayerSpecification[] {
  const role = (name: string) => ['==', ['get', 'role'], name] as never;
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  const fill = (name: string, color: string, opacity: number): LayerSpecification => ({
    id: `renewal:${name}-fill`,
    source: SHAPE,
    type: 'fill',
    filter: role(name),
    paint: { 'fill-color': color, 'fill-opacity': opacity },
  });
  const line = (name: string, color: string, width: number, dash?: number[]): LayerSpecification => ({
    id: `renewal:${name}-line`,
    source: SHAPE,
    type: 'line',
    filter: role(name),
    layout: round,
    paint: { 'line-color': color, 'line-width': width, ...(dash ? { 'line-dasharray': dash } : {}) },
  });
  return [
    fill('outline', VIOLET, 0.2),
    fill('under', VIOLET, 0.12),
    fill('rest', AMBER, 0.18),
    fill('conflict', RED, 0.26),
    line('outline', '#ffffff', 6),
    { ...line('outline', VIOLET, 3), id: 'renewal:outline-core' } as LayerSpecification,
    line('preview', VIOLET, 2, [2, 2]),
    line('under', VIOLET, 1.4),
    line('rest', AMBER, 1.6, [1.5, 1.5]),
    line('conflict', RED, 2),
    {
      id: 'renewal:sliver',
      source: SHAPE,
      type: 'circle',
      filter: role('sliver'),
      paint: {
        'circle-radius': 7,
        'circle-color': 'rgba(201,42,42,0.15)',
        'circle-stroke-color': RED,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'renewal:lasso',
      source: LASSO,
      type: 'line',
      layout: round,
      paint: { 'line-color': VIOLET, 'line-width': 2, 'line-dasharray': [2, 1.5] },
    },
    {
      id: 'renewal:lasso-fill',
      source: LASSO,
      type: 'fill',
      paint: { 'fill-color': VIOLET, 'fill-opacity': 0.1 },
    },
  ];
}
