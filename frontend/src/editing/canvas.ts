/** What is edited, drawn on the map and moved by mouse, finger and pen. Framework-free. */
import type {
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibre,
  MapMouseEvent,
  MapTouchEvent,
} from 'maplibre-gl';
import type { LonLat } from '../api';
import { edges, geometryOf, type Kind, type Outline, onLattice, same, vertices } from './geometry/outline';
import type { SnapIndex, Snapped } from './geometry/snap';
import type { Borders } from './geometry/trace';

/** What a gesture on the map means. */
export type Tool = 'draw' | 'reshape' | 'hole' | 'part' | 'split';

export interface Shown {
  main: Outline | null;
  others: Outline[];
  /** Where the outline crosses itself, or the server found a fault. */
  faults: LonLat[];
}

export interface CanvasEvents {
  /** A corner is being moved, or was let go at `to`. */
  move(from: LonLat, to: LonLat, done: boolean): void;
  /** A new corner on an edge; it is moved next. */
  insert(a: LonLat, b: LonLat, point: LonLat): void;
  remove(point: LonLat): void;
  /** A line or ring was finished. */
  drawn(points: LonLat[]): void;
  sketched(sketch: Sketch): void;
}

/** What is drawn so far. */
export interface Sketch {
  /** The line or ring, up to the position under the pointer. */
  points: LonLat[];
  /** How many positions of it are set. */
  fixed: number;
  /** Whether corners that were taken back can be set again. */
  undone: boolean;
}

const SHAPE = 'edit:shape';
const HAND = 'edit:hand';
const BLUE = '#1b5e9e';
const FAULT = '#c2255c';

/** How near a pointer has to be, in pixels. */
const REACH = { coarse: 24, fine: 12 };

/** A corner of the sketch, how it was snapped, and how many positions came with it along a border. */
interface Corner {
  points: LonLat[];
  snapped: Snapped | null;
}

export class Canvas {
  /** What is snapped to; nothing while snapping is off. */
  snapping: SnapIndex | null = null;
  /** What is traced along; nothing while tracing is off. */
  borders: Borders | null = null;
  private tool: Tool = 'reshape';
  private kind: Kind = 'polygon';
  private shown: Shown = { main: null, others: [], faults: [] };
  private corners: Corner[] = [];
  private undone: Corner[] = [];
  private pointer: LonLat | null = null;
  private under: Snapped | null = null;
  private dragged: { from: LonLat; last: LonLat } | null = null;
  private chosen: LonLat | null = null;
  private readonly offs: (() => void)[] = [];
  private readonly reach: number;

  constructor(
    private readonly map: MapLibre,
    private readonly events: CanvasEvents,
  ) {
    this.reach = window.matchMedia?.('(pointer: coarse)').matches ? REACH.coarse : REACH.fine;
    for (const source of [SHAPE, HAND]) {
      map.addSource(source, { type: 'geojson', data: collection([]) });
    }
    for (const layer of editLayers()) map.addLayer(layer);
    map.doubleClickZoom.disable();
    const on = (type: string, listener: (event: never) => void) => {
      map.on(type as 'click', listener as never);
      this.offs.push(() => map.off(type as 'click', listener as never));
    };
    on('mousedown', (event: MapMouseEvent) => this.pressed(event));
    on('touchstart', (event: MapTouchEvent) => this.pressed(event));
    on('mousemove', (event: MapMouseEvent) => this.hovered(event));
    on('touchmove', (event: MapTouchEvent) => this.hovered(event));
    on('mouseup', () => this.released());
    on('touchend', () => this.released());
    on('touchcancel', () => this.released());
    on('click', (event: MapMouseEvent) => this.clicked([event.lngLat.lng, event.lngLat.lat]));
    on('contextmenu', (event: MapMouseEvent) => this.menu(event));
    on('mouseout', () => {
      this.pointer = null;
      this.under = null;
      this.paint();
    });
  }

  /** Takes everything from the map. */
  destroy(): void {
    for (const off of this.offs) off();
    for (const layer of editLayers()) if (this.map.getLayer(layer.id)) this.map.removeLayer(layer.id);
    for (const source of [SHAPE, HAND]) if (this.map.getSource(source)) this.map.removeSource(source);
    this.map.doubleClickZoom.enable();
    this.map.getCanvas().style.removeProperty('cursor');
  }

  /** Takes up a tool; a sketch under way is given up. */
  use(tool: Tool, kind: Kind): void {
    this.tool = tool;
    this.kind = kind;
    this.chosen = null;
    this.sketch([]);
    this.paintShape();
  }

  /** Shows what is edited. */
  show(shown: Shown): void {
    this.shown = shown;
    const main = shown.main ? [...vertices(shown.main)] : [];
    if (this.chosen && !main.some(({ point }) => same(point, this.chosen as LonLat))) this.chosen = null;
    this.paintShape();
    this.paint();
  }

  /** Whether something is being drawn that is not finished. */
  get sketching(): boolean {
    return this.corners.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Whether a corner is chosen that can be taken away. */
  get hasChosen(): boolean {
    return this.chosen !== null;
  }

  /** Takes the last corner of the sketch back. */
  back(): void {
    const last = this.corners.at(-1);
    if (!last) return;
    this.undone.unshift(last);
    this.sketch(this.corners.slice(0, -1), true);
  }

  /** Sets again what was taken back. */
  again(): void {
    const [next, ...rest] = this.undone;
    if (!next) return;
    this.undone = rest;
    this.sketch([...this.corners, next], true);
  }

  /** Gives the sketch up. */
  clear(): void {
    this.sketch([]);
  }

  /** Sets a corner in the middle of the map: for fingers, which hide what they point at. */
  addAtCenter(): void {
    const { lng, lat } = this.map.getCenter();
    this.clicked([lng, lat]);
  }

  /** Ends the sketch where it stands, if it has enough corners. */
  finish(): void {
    const points = this.points();
    if (points.length < this.needed()) return;
    this.sketch([]);
    this.events.drawn(points);
  }

  /** Takes the chosen corner away. */
  removeChosen(): void {
    if (!this.chosen) return;
    const point = this.chosen;
    this.chosen = null;
    this.events.remove(point);
  }

  private get draws(): boolean {
    return this.tool !== 'reshape';
  }

  private needed(): number {
    if (this.tool === 'split') return 2;
    return { point: 1, line: 2, polygon: 3 }[this.kind];
  }

  private points(): LonLat[] {
    return this.corners.flatMap((corner) => corner.points);
  }

  private sketch(corners: Corner[], keepUndone = false): void {
    this.corners = corners;
    if (!keepUndone) this.undone = [];
    this.paint();
    this.tell();
  }

  private tell(): void {
    const fixed = this.points();
    const under = this.under?.point ?? this.pointer;
    const way = this.draws && under && fixed.length > 0 ? this.wayTo(under) : [];
    this.events.sketched({ points: [...fixed, ...way], fixed: fixed.length, undone: this.undone.length > 0 });
  }

  /** From the last corner to a position: along a border where both lie on one, else straight. */
  private wayTo(point: LonLat): LonLat[] {
    const last = this.corners.at(-1)?.snapped;
    const way = last && this.under && this.borders ? this.borders.between(last, this.under) : null;
    return [...(way ?? []), point];
  }

  private snap(point: LonLat): Snapped | null {
    const without = this.dragged ? [this.dragged.from, this.dragged.last] : [];
    return this.snapping?.nearest(point, this.reach * metresPerPixel(this.map, point), without) ?? null;
  }

  private near(a: LonLat, b: LonLat): boolean {
    const [p, q] = [this.map.project(a), this.map.project(b)];
    return Math.hypot(p.x - q.x, p.y - q.y) <= this.reach;
  }

  private clicked(at: LonLat): void {
    if (!this.draws) {
      const corner = this.cornerAt(at);
      this.chosen = corner;
      this.paint();
      return;
    }
    const points = this.points();
    const [first, last] = [points[0], points[points.length - 1]];
    const enough = points.length >= this.needed();
    const closes = this.kind === 'polygon' && this.tool !== 'split' && first && this.near(at, first);
    if (enough && last && (this.near(at, last) || closes)) {
      this.finish();
      return;
    }
    // A double click is one corner.
    if (last && this.near(at, last) && same(last, this.under?.point ?? at)) return;
    this.under = this.snap(at);
    const point = this.under?.point ?? at;
    if (last && same(point, last)) return;
    const way = this.corners.length > 0 ? this.wayTo(point) : [point];
    this.pointer = at;
    this.sketch([...this.corners, { points: way, snapped: this.under }]);
    if (this.kind === 'point' && this.tool !== 'split') this.finish();
  }

  /** The corner of what is edited under the pointer. */
  private cornerAt(at: LonLat): LonLat | null {
    if (!this.shown.main) return null;
    let best: LonLat | null = null;
    let least = this.reach;
    const p = this.map.project(at);
    for (const { point } of vertices(this.shown.main)) {
      const q = this.map.project(point);
      const away = Math.hypot(p.x - q.x, p.y - q.y);
      if (away <= least) [best, least] = [point, away];
    }
    return best;
  }

  /** The middle of an edge under the pointer. */
  private middleAt(at: LonLat): { a: LonLat; b: LonLat; point: LonLat } | null {
    if (!this.shown.main) return null;
    for (const { a, b } of edges(this.shown.main)) {
      const point = middle(a, b);
      if (this.near(at, point) && !this.tooShort(a, b)) return { a, b, point };
    }
    return null;
  }

  private tooShort(a: LonLat, b: LonLat): boolean {
    const [p, q] = [this.map.project(a), this.map.project(b)];
    return Math.hypot(p.x - q.x, p.y - q.y) < 2.4 * this.reach;
  }

  private pressed(event: MapMouseEvent | MapTouchEvent): void {
    const gesture = event.originalEvent;
    const pinch = 'touches' in gesture && gesture.touches.length > 1;
    const otherButton = 'button' in gesture && gesture.button !== 0;
    if (this.draws || pinch || otherButton) return;
    const at: LonLat = [event.lngLat.lng, event.lngLat.lat];
    let corner = this.cornerAt(at);
    if (!corner) {
      const edge = this.middleAt(at);
      if (!edge) return;
      this.events.insert(edge.a, edge.b, edge.point);
      corner = this.cornerAt(edge.point);
      if (!corner) return;
    }
    event.preventDefault(); // the map stays where it is
    this.dragged = { from: corner, last: corner };
    this.chosen = corner;
    this.paint();
  }

  private hovered(event: MapMouseEvent | MapTouchEvent): void {
    const at: LonLat = [event.lngLat.lng, event.lngLat.lat];
    this.pointer = at;
    if (this.dragged) {
      this.under = this.snap(at);
      this.dragged.last = onLattice(this.under?.point ?? at);
      this.chosen = null;
      this.events.move(this.dragged.from, this.dragged.last, false);
      this.paint();
      return;
    }
    this.under = this.draws ? this.snap(at) : null;
    const grabs = !this.draws && (this.cornerAt(at) || this.middleAt(at));
    this.map.getCanvas().style.cursor = this.draws ? 'crosshair' : grabs ? 'move' : '';
    this.paint();
    if (this.draws && this.corners.length > 0) this.tell();
  }

  private released(): void {
    const dragged = this.dragged;
    if (!dragged) return;
    this.dragged = null;
    this.under = null;
    this.chosen = dragged.last;
    if (!same(dragged.from, dragged.last)) this.events.move(dragged.from, dragged.last, true);
    this.paint();
  }

  /** The right button, or a long press, takes a corner away, or ends a sketch. */
  private menu(event: MapMouseEvent): void {
    event.preventDefault();
    if (this.draws) {
      this.finish();
      return;
    }
    const corner = this.cornerAt([event.lngLat.lng, event.lngLat.lat]);
    this.dragged = null;
    if (corner) this.events.remove(corner);
  }

  private paintShape(): void {
    const { main, others, faults } = this.shown;
    const features = [
      ...others.map((outline) => feature(geometryOf(outline), 'other')),
      ...(main ? [feature(geometryOf(main), 'main')] : []),
      ...faults.map((point) => feature({ type: 'Point', coordinates: point }, 'fault')),
    ];
    this.set(SHAPE, features);
  }

  private paint(): void {
    const features: GeoJSON.Feature[] = [];
    const dot = (point: LonLat, role: string) =>
      features.push(feature({ type: 'Point', coordinates: point }, role));
    if (!this.draws && this.shown.main) {
      for (const { a, b } of edges(this.shown.main)) if (!this.tooShort(a, b)) dot(middle(a, b), 'middle');
      for (const { point } of vertices(this.shown.main)) {
        dot(point, this.chosen && same(point, this.chosen) ? 'chosen' : 'corner');
      }
    }
    if (this.draws) {
      const fixed = this.points();
      const under = this.under?.point ?? this.pointer;
      const line = under && fixed.length > 0 ? [...fixed, ...this.wayTo(under)] : fixed;
      if (this.kind === 'polygon' && this.tool !== 'split' && line.length > 2) {
        features.push(feature({ type: 'Polygon', coordinates: [[...line, line[0] as LonLat]] }, 'sketch'));
      } else if (line.length > 1) {
        features.push(feature({ type: 'LineString', coordinates: line }, 'sketch'));
      }
      for (const point of fixed) dot(point, 'corner');
    }
    if (this.under && (this.draws || this.dragged)) dot(this.under.point, `snap-${this.under.kind}`);
    this.set(HAND, features);
  }

  private set(source: string, features: GeoJSON.Feature[]): void {
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(collection(features));
  }
}

const collection = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features,
});

const feature = (geometry: GeoJSON.Geometry | null, role: string): GeoJSON.Feature => ({
  type: 'Feature',
  geometry: geometry ?? { type: 'GeometryCollection', geometries: [] },
  properties: { role },
});

const middle = (a: LonLat, b: LonLat): LonLat => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

function metresPerPixel(map: MapLibre, [, lat]: LonLat): number {
  return (40075016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
}

function editLayers(): LayerSpecification[] {
  const role = (...roles: string[]) => ['in', ['get', 'role'], ['literal', roles]] as never;
  const area = ['==', ['geometry-type'], 'Polygon'] as never;
  const both = (one: never, other: never) => ['all', one, other] as never;
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  const circle = (
    id: string,
    roles: string[],
    radius: number,
    fill: string,
    ring: string,
  ): LayerSpecification => ({
    id,
    source: HAND,
    type: 'circle',
    filter: role(...roles),
    paint: {
      'circle-radius': radius,
      'circle-color': fill,
      'circle-stroke-color': ring,
      'circle-stroke-width': 2,
    },
  });
  return [
    {
      id: 'edit:other',
      source: SHAPE,
      type: 'line',
      filter: role('other'),
      layout: round,
      paint: { 'line-color': BLUE, 'line-width': 1.4, 'line-dasharray': [3, 2] },
    },
    {
      id: 'edit:fill',
      source: SHAPE,
      type: 'fill',
      filter: both(role('main'), area),
      paint: { 'fill-color': BLUE, 'fill-opacity': 0.13 },
    },
    {
      id: 'edit:line',
      source: SHAPE,
      type: 'line',
      filter: role('main'),
      layout: round,
      paint: { 'line-color': BLUE, 'line-width': 2.6 },
    },
    {
      id: 'edit:sketch-fill',
      source: HAND,
      type: 'fill',
      filter: both(role('sketch'), area),
      paint: { 'fill-color': BLUE, 'fill-opacity': 0.1 },
    },
    {
      id: 'edit:sketch',
      source: HAND,
      type: 'line',
      filter: role('sketch'),
      layout: round,
      paint: { 'line-color': BLUE, 'line-width': 2.4, 'line-dasharray': [2, 1.4] },
    },
    {
      id: 'edit:fault',
      source: SHAPE,
      type: 'circle',
      filter: role('fault'),
      paint: {
        'circle-radius': 11,
        'circle-color': 'rgba(194,37,92,0.2)',
        'circle-stroke-color': FAULT,
        'circle-stroke-width': 2.4,
      },
    },
    circle('edit:middle', ['middle'], 3, '#ffffff', '#7fa6c9'),
    circle('edit:corner', ['corner'], 4.5, '#ffffff', BLUE),
    circle('edit:chosen', ['chosen'], 6, BLUE, '#ffffff'),
    circle('edit:snap', ['snap-vertex'], 8, 'rgba(217,72,15,0.15)', '#d9480f'),
    circle('edit:snap-edge', ['snap-edge'], 6, 'rgba(217,72,15,0.1)', '#e8935f'),
  ];
}
