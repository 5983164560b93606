import {
  type ErrorEvent,
  type ExpressionSpecification,
  type GeoJSONSource,
  type LayerSpecification,
  LngLatBounds,
  type Map as MapLibre,
  type MapMouseEvent,
  type PaddingOptions,
  type SourceSpecification,
  type StyleSpecification,
} from 'maplibre-gl';
import type { BaseMap, Bounds, Catalog, Layer, LonLat, Properties } from '../api';
import { boundsOf } from '../inspector/geometry';
import { baseLayers } from './base';
import { withFonts } from './fonts';
import { PatientMap } from './patient';
import type { View } from './permalink';
import { catalogLayerOf, type Look, layersOf, looked, sourceOf } from './style';
import { staleTiles, type TileId, tileAt } from './tiles';

/** The deepest zoom that tiles are asked for; beyond it they are enlarged. */
const TILE_ZOOM = 17;
/** How near a reader may come. */
const NEAREST_ZOOM = 22;
const SELECTION = 'selection';
const DOTS = 'dots';
/** From this zoom on each house has a shape of its own to be coloured; farther out blocks are merged. */
const SHAPES_FROM = 15.5;
/** From this zoom on tiles have every corner of a house. */
const EXACT_FROM = 16;
const SPOTS = 'spots';
const ACCENT = '#d9480f';
const VIOLET = '#7048a8';
/** The version that a marked feature is compared with: what it was before, or what somebody else made of it. */
const OTHER: ExpressionSpecification = ['in', ['get', 'role'], ['literal', ['before', 'theirs']]];
const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Tiles to be drawn anew; null for all. */
type Tiles = TileId[] | null;

/** A feature drawn at a point. */
export interface Hit {
  layer: string;
  id: string;
  properties: Properties;
}

export interface StageEvents {
  /** A click or tap that asks what is there. */
  inspect(point: LonLat): void;
  /** The pointer moved over the map, or left it. */
  pointer(point: LonLat | null): void;
  /** The view came to rest or is moving. */
  view(view: View, resting: boolean): void;
  /** Tiles of a catalog layer (`layer`) or of the base map (null) failed. */
  failed(layer: string | null): void;
  /** Tiles of the base map arrived after all. */
  recovered(): void;
}

/** What the map asks the page for. */
export interface Supply {
  /** How a layer is shown at first. */
  look(layer: Layer): Look;
  /** The address at which the page asks for tiles that the style names. */
  tiles(address: string): string;
  /** Pixels that panels cover. */
  padding(): PaddingOptions;
  /** What is shown first; everything if it is not said. */
  home?: Bounds | undefined;
}

/** Whether the browser can draw the map at all. */
export function canDraw(): boolean {
  try {
    return document.createElement('canvas').getContext('webgl2') !== null;
  } catch {
    return false;
  }
}

/**
 * The map on screen. Knows nothing of Vue: the page tells it what to show and listens to its events.
 */
export class Stage {
  readonly map: MapLibre;
  /** Whether a click asks what is there; off while something is drawn. */
  inspecting = true;
  private base: BaseMap | null = null;
  private layers = new Map<string, Layer>();
  /** Tiles that changed while some of their source were on their way, and so may be old. */
  private readonly late = new Map<string, Tiles>();
  private readonly ready: Promise<void>;

  constructor(
    container: HTMLElement,
    catalog: Catalog,
    private readonly style: StyleSpecification,
    supply: Supply,
    view: View | undefined,
    events: StageEvents,
  ) {
    const sources: Record<string, SourceSpecification> = {};
    for (const layer of catalog.layers) {
      const source = style.sources[sourceOf(layer.id)];
      if (source?.type !== 'vector') continue;
      this.layers.set(layer.id, layer);
      sources[sourceOf(layer.id)] = { ...source, tiles: source.tiles?.map(supply.tiles) ?? [] };
    }
    sources[SELECTION] = { type: 'geojson', data: NOTHING };

    const bounds = supply.home ?? catalog.project.bounds;
    this.map = new PatientMap({
      container,
      style: {
        version: 8,
        sources,
        layers: withSelection(
          style.layers.map((spec) => {
            const layer = this.layers.get(catalogLayerOf(spec.id) ?? '');
            return layer ? looked(withFonts(spec), supply.look(layer)) : spec;
          }),
        ),
      },
      ...(view
        ? { center: view.center, zoom: view.zoom }
        : bounds
          ? { bounds, fitBoundsOptions: { padding: supply.padding() } }
          : { center: [113.3, 23.15] as LonLat, zoom: 9 }),
      minZoom: 3,
      maxZoom: NEAREST_ZOOM,
      // Beyond the deepest tiles these are enlarged whole. Cut into smaller ones they would be kept by the worker
      // under their addresses, and drawn as they were before a change.
      zoomLevelsToOverscale: NEAREST_ZOOM - TILE_ZOOM,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: false,
      fadeDuration: stillness() ? 0 : 120,
      // A tile put aside would come back as it was before a change. The browser keeps it and asks whether it
      // is still good, which costs next to nothing.
      maxTileCacheSize: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.ready = new Promise((resolve) => {
      this.map.once('load', () => resolve());
    });
    this.listen(container, events);
  }

  private listen(container: HTMLElement, events: StageEvents): void {
    const { map } = this;
    map.on('click', (event: MapMouseEvent) => {
      if (this.inspecting) events.inspect([event.lngLat.lng, event.lngLat.lat]);
    });
    map.on('mousemove', (event) => {
      events.pointer([event.lngLat.lng, event.lngLat.lat]);
    });
    map.on('mouseout', () => events.pointer(null));
    map.on('move', () => events.view(this.view(), false));
    map.on('moveend', () => events.view(this.view(), true));
    map.on('idle', () => {
      container.dataset.idle = 'true';
      this.refreshLate();
    });
    for (const event of ['movestart', 'dataloading'] as const) {
      map.on(event, () => {
        container.dataset.idle = 'false';
      });
    }
    map.on('error', (event: ErrorEvent & { sourceId?: string }) => {
      const source = event.sourceId;
      if (source === 'base') events.failed(null);
      else if (source?.startsWith('layer:')) events.failed(source.slice('layer:'.length));
      else console.error(event.error);
    });
    map.on('sourcedata', (event) => {
      if (event.sourceId === 'base' && event.tile?.state === 'loaded') events.recovered();
    });
    map.getCanvas().addEventListener('keydown', (event) => {
      // The keyboard's click: what is at the centre.
      if (event.key === 'Enter' && this.inspecting) {
        const { lng, lat } = map.getCenter();
        events.inspect([lng, lat]);
      }
    });
  }

  /** Where the map stands. */
  view(): View {
    const { lng, lat } = this.map.getCenter();
    return { zoom: this.map.getZoom(), center: [lng, lat] };
  }

  /** The part of the world on screen. */
  bounds(): Bounds {
    const box = this.map.getBounds();
    return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
  }

  /** Metres of a CSS pixel at the centre of the view. */
  metresPerPixel(): number {
    const { zoom, center } = this.view();
    return (40075016.686 * Math.cos((center[1] * Math.PI) / 180)) / (512 * 2 ** zoom);
  }

  /** Names the map for screen readers. */
  setLabel(label: string): void {
    this.map.getCanvas().setAttribute('aria-label', label);
  }

  /** Shows, hides or fades a layer. */
  async setLook(id: string, look: Look): Promise<void> {
    await this.ready;
    if (!this.layers.has(id)) return;
    for (const spec of layersOf(this.style, id).map((spec) => looked(spec, look))) {
      this.map.setLayoutProperty(spec.id, 'visibility', look.visible ? 'visible' : 'none');
      for (const [name, value] of Object.entries(spec.paint ?? {})) {
        if (name.endsWith('opacity')) this.map.setPaintProperty(spec.id, name as never, value as never);
      }
    }
  }

  /** Features of visible layers drawn within a few pixels of a point. */
  featuresAt(point: LonLat, reach: number): Hit[] {
    const { x, y } = this.map.project(point);
    const found = this.map.queryRenderedFeatures([
      [x - reach, y - reach],
      [x + reach, y + reach],
    ]);
    const hits = new Map<string, Hit>();
    for (const feature of found) {
      const layer = catalogLayerOf(feature.layer.id);
      const id = feature.properties?.id ?? feature.id;
      if (layer === null || id === undefined || feature.layer.type === 'symbol') continue;
      // Areas are asked of the server at the exact point; here only what has to be hit.
      if (feature.layer.type === 'fill' || feature.layer.id.endsWith(':outline')) continue;
      hits.set(`${layer}/${id}`, { layer, id: String(id), properties: feature.properties });
    }
    return [...hits.values()];
  }

  /**
   * The area of a layer that is drawn at a point, as its tile has it; none where a tile's edge cuts it, or where
   * the map is too far out to show it exactly.
   */
  wholeAt(layer: string, at: LonLat): GeoJSON.Feature<GeoJSON.Polygon | GeoJSON.MultiPolygon> | null {
    const z = Math.min(TILE_ZOOM, Math.floor(this.map.getZoom()));
    if (z < EXACT_FROM) return null;
    const tile = tileAt(at[0], at[1], z);
    const layers = layersOf(this.style, layer).flatMap(({ id, type }) => (type === 'fill' ? [id] : []));
    const found = this.map.queryRenderedFeatures(this.map.project(at), { layers });
    for (const { id, properties, geometry } of found) {
      if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') continue;
      const [west, south, east, north] = boundsOf(geometry) ?? [0, 0, 0, 0];
      const corners = [tileAt(west, north, z), tileAt(east, south, z)];
      if (corners.every(({ x, y }) => x === tile.x && y === tile.y))
        return { type: 'Feature', geometry, properties: { ...properties, id: properties.id ?? id } };
    }
    return null;
  }

  /** Marks features, or none. */
  async highlight(features: GeoJSON.Feature[]): Promise<void> {
    await this.ready;
    const source = this.map.getSource(SELECTION) as GeoJSONSource | undefined;
    source?.setData({ type: 'FeatureCollection', features });
    for (const { id } of selectionLayers()) {
      this.map.setLayoutProperty(id, 'visibility', features.length > 0 ? 'visible' : 'none');
    }
  }

  /** Marks places with rings of a colour, over everything; null takes them away. */
  async spots(places: { id: string; at: LonLat; color: string }[] | null): Promise<void> {
    await this.ready;
    const data: GeoJSON.FeatureCollection = {
      type: 'FeatureCollection',
      features: (places ?? []).map(({ id, at, color }) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: at },
        properties: { id, color },
      })),
    };
    const source = this.map.getSource(SPOTS) as GeoJSONSource | undefined;
    if (source) {
      source.setData(data);
      return;
    }
    if (!places) return;
    this.map.addSource(SPOTS, { type: 'geojson', data });
    this.map.addLayer({
      id: SPOTS,
      type: 'circle',
      source: SPOTS,
      paint: {
        'circle-radius': 9,
        'circle-color': 'rgba(255,255,255,0.35)',
        'circle-stroke-color': ['get', 'color'],
        'circle-stroke-width': 3,
      },
    });
  }

  /** Marks places with dots of a colour while the map is too far out for their shapes; null takes them away. */
  async dots(places: { at: LonLat; color: string }[] | null, until = SHAPES_FROM): Promise<void> {
    await this.ready;
    if (this.map.getLayer(DOTS)) this.map.removeLayer(DOTS);
    if (this.map.getSource(DOTS)) this.map.removeSource(DOTS);
    if (!places) return;
    const features = places.map(({ at, color }) => ({
      type: 'Feature' as const,
      geometry: { type: 'Point' as const, coordinates: at },
      properties: { color },
    }));
    this.map.addSource(DOTS, { type: 'geojson', data: { type: 'FeatureCollection', features } });
    this.map.addLayer({
      id: DOTS,
      type: 'circle',
      source: DOTS,
      maxzoom: until,
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, 2, until, 5],
        'circle-color': ['get', 'color'],
        'circle-stroke-color': '#ffffff',
        // Many houses from afar are too near for a rim.
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 13.5, 0, 15, 1],
      },
    });
  }

  /** Colours the areas of a layer by the ids of its features, over its own look; null takes the colours away. */
  async shade(id: string, colors: Map<string, string[]> | null, opacity = 0.9): Promise<void> {
    await this.ready;
    const shade = `shade:${id}`;
    if (!colors) {
      if (this.map.getLayer(shade)) this.map.removeLayer(shade);
      return;
    }
    const cases = [...colors].flatMap(([color, ids]) => (ids.length ? [ids, color] : []));
    const color = cases.length ? ['match', ['get', 'id'], ...cases, 'rgba(0,0,0,0)'] : 'rgba(0,0,0,0)';
    if (this.map.getLayer(shade)) {
      this.map.setPaintProperty(shade, 'fill-color', color as never);
      return;
    }
    const above = `layer:${id}:outline`;
    this.map.addLayer(
      {
        id: shade,
        type: 'fill',
        source: sourceOf(id),
        'source-layer': id,
        paint: { 'fill-color': color as never, 'fill-opacity': opacity },
      },
      this.map.getLayer(above) ? above : undefined,
    );
  }

  /** Puts a base map under everything, or none. */
  async setBase(base: BaseMap | null, tiles: (path: string) => string): Promise<void> {
    await this.ready;
    if (this.base?.id === base?.id) return;
    for (const layer of this.map.getStyle().layers) {
      if ('source' in layer && layer.source === 'base') this.map.removeLayer(layer.id);
    }
    if (this.map.getSource('base')) this.map.removeSource('base');
    this.base = base;
    if (!base) return;
    this.map.addSource('base', {
      type: base.kind,
      tiles: base.tiles.map(tiles),
      ...(base.kind === 'raster' ? { tileSize: 256 } : {}),
      ...(base.bounds ? { bounds: base.bounds } : {}),
      minzoom: base.minzoom ?? 0,
      maxzoom: base.maxzoom ?? 18,
    } as SourceSpecification);
    const above = this.map.getStyle().layers[1]?.id;
    for (const layer of baseLayers(base)) this.map.addLayer(layer, above);
  }

  /** Draws the touched tiles of a layer anew, or all of it; what is on screen stays until then. */
  touched(layer: string, tiles: [number, number, number][] | null): void {
    const source = sourceOf(layer);
    if (!this.map.getSource(source) || tiles?.length === 0) return;
    const ids = tiles ? staleTiles(tiles, this.bounds(), this.map.getZoom()) : undefined;
    // A tile that is being fetched may be of before the change: it is asked for again once it is here.
    if (!this.map.isSourceLoaded(source)) {
      const before = this.late.get(source);
      this.late.set(source, ids && before !== null ? [...(before ?? []), ...ids] : null);
    }
    this.map.refreshTiles(source, ids);
  }

  /** Draws everything anew. */
  touchedAll(): void {
    for (const layer of this.layers.keys()) this.touched(layer, null);
  }

  private refreshLate(): void {
    for (const [source, tiles] of this.late) {
      if (!this.map.isSourceLoaded(source)) continue;
      this.late.delete(source);
      this.map.refreshTiles(source, tiles ?? undefined);
    }
  }

  /** Shows layers as they were on a day; null as they are. */
  asOf(layers: string[], day: string | null): void {
    for (const layer of layers) {
      const source = this.map.getSource(sourceOf(layer));
      if (!source || !('tiles' in source) || !('setTiles' in source)) continue;
      const { tiles } = source as { tiles: string[] };
      const then = tiles.map((url) => {
        const plain = url.replace(/([?&])as-of=[^&]*(&|$)/, '$1').replace(/[?&]$/, '');
        return day ? `${plain}${plain.includes('?') ? '&' : '?'}as-of=${day}` : plain;
      });
      if (then.join() !== tiles.join())
        (source as unknown as { setTiles(tiles: string[]): void }).setTiles(then);
    }
  }

  /** Asks again for the tiles that failed. */
  refresh(layer: string): void {
    const source = this.map.getSource(sourceOf(layer));
    if (source && 'tiles' in source && 'setTiles' in source) {
      (source as unknown as { setTiles(tiles: string[]): void }).setTiles(source.tiles as string[]);
    }
  }

  /** Moves to a point, never farther out than the reader stands. */
  flyTo(point: LonLat, zoom: number, padding: PaddingOptions): void {
    this.move(new LngLatBounds(point, point), padding, Math.max(zoom, this.map.getZoom()));
  }

  /** Shows a box whole. */
  fit(bounds: Bounds, padding: PaddingOptions, maxZoom = 19): void {
    this.move(new LngLatBounds(bounds), padding, maxZoom);
  }

  private move(bounds: LngLatBounds, padding: PaddingOptions, maxZoom: number): void {
    this.map.fitBounds(bounds, { padding, maxZoom, duration: stillness() ? 0 : 450, linear: true });
  }

  /** Brings a point out from under the panels, if it lies there. */
  reveal(point: LonLat, padding: { top?: number; right?: number; bottom?: number; left?: number }): void {
    const { x, y } = this.map.project(point);
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const box = {
      left: padding.left ?? 0,
      top: padding.top ?? 0,
      right: width - (padding.right ?? 0),
      bottom: height - (padding.bottom ?? 0),
    };
    if (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) return;
    const dx = x < box.left || x > box.right ? x - (box.left + box.right) / 2 : 0;
    const dy = y < box.top || y > box.bottom ? y - (box.top + box.bottom) / 2 : 0;
    this.map.panBy([dx, dy], { duration: stillness() ? 0 : 350 });
  }

  /** Moves so far that a box can be seen beside the panels; not at all where some of it can. */
  bringOut(bounds: Bounds, padding: { top: number; right: number; bottom: number; left: number }): void {
    const [west, south, east, north] = bounds;
    const [a, b] = [this.map.project([west, north]), this.map.project([east, south])];
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const seen =
      b.x > padding.left && a.x < width - padding.right && b.y > padding.top && a.y < height - padding.bottom;
    if (!seen) this.reveal([(west + east) / 2, (south + north) / 2], padding);
  }

  /** One step nearer or farther. */
  zoom(steps: number): void {
    this.map.zoomTo(this.map.getZoom() + steps, { duration: 200 });
  }

  /** Draws a frame now, so that print and screenshots find one in the canvas. */
  redraw(): void {
    this.map.redraw();
  }

  remove(): void {
    this.map.remove();
  }
}

/** Whether the reader asked for no motion. */
const stillness = () => window.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;

/** Marks of what is chosen lie over all shapes, and under the names: the chosen house keeps its own. */
function withSelection(layers: LayerSpecification[]): LayerSpecification[] {
  const first = layers.findIndex((spec) => spec.type === 'symbol');
  const names = first < 0 ? layers.length : first;
  // Nothing is chosen at first: what is hidden costs nothing.
  const marks = selectionLayers().map((spec) => looked(spec, { visible: false, opacity: 1 }));
  const areas = marks.filter((spec) => spec.type !== 'circle');
  const points = marks.filter((spec) => spec.type === 'circle');
  return [...layers.slice(0, names), ...areas, ...layers.slice(names), ...points];
}

function selectionLayers(): LayerSpecification[] {
  const source = SELECTION;
  return [
    {
      id: 'selection:fill',
      source,
      type: 'fill',
      filter: ['all', ['==', ['geometry-type'], 'Polygon'], ['!', OTHER]],
      paint: { 'fill-color': ACCENT, 'fill-opacity': 0.14 },
    },
    {
      id: 'selection:other',
      source,
      type: 'line',
      filter: OTHER,
      layout: { 'line-join': 'round' },
      paint: { 'line-color': VIOLET, 'line-width': 2.4, 'line-dasharray': [3, 2] },
    },
    {
      id: 'selection:halo',
      source,
      type: 'line',
      filter: ['all', ['!=', ['geometry-type'], 'Point'], ['!', OTHER]],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': '#ffffff', 'line-width': 5.5, 'line-opacity': 0.9 },
    },
    {
      id: 'selection:line',
      source,
      type: 'line',
      filter: ['all', ['!=', ['geometry-type'], 'Point'], ['!', OTHER]],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': ACCENT, 'line-width': 2.6 },
    },
    {
      id: 'selection:point',
      source,
      type: 'circle',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': ['case', ['==', ['get', 'role'], 'pin'], 5, 9],
        'circle-color': ['case', ['==', ['get', 'role'], 'pin'], ACCENT, 'rgba(217,72,15,0.12)'],
        'circle-stroke-color': ['case', ['==', ['get', 'role'], 'pin'], '#ffffff', OTHER, VIOLET, ACCENT],
        'circle-stroke-width': 2.4,
      },
    },
  ];
}
