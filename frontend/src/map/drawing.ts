/** Drawing on the map, framework-free. Loaded when something is first drawn. */
import type { Map as MapLibre } from 'maplibre-gl';
import {
  TerraDraw,
  TerraDrawCircleMode,
  TerraDrawLineStringMode,
  TerraDrawModeUndoRedo,
  type TerraDrawMouseEvent,
  TerraDrawPolygonMode,
  TerraDrawRectangleMode,
} from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import type { LonLat } from '../api';

export type Shape = 'polygon' | 'rectangle' | 'circle' | 'line';

/** What is drawn so far. */
export interface Drawn {
  /** The ring without its closing position, or the line; with the corner under the pointer while drawing. */
  points: LonLat[];
  finished: boolean;
  canUndo: boolean;
  canRedo: boolean;
}

const MODES: Record<Shape, string> = {
  polygon: 'polygon',
  rectangle: 'rectangle',
  circle: 'circle',
  line: 'linestring',
};

const BLUE = '#1b5e9e';
const corner = {
  coordinatePointColor: '#ffffff',
  coordinatePointWidth: 4,
  coordinatePointOutlineColor: BLUE,
  coordinatePointOutlineWidth: 2,
} as const;
const closing = {
  closingPointColor: BLUE,
  closingPointWidth: 6,
  closingPointOutlineColor: '#ffffff',
  closingPointOutlineWidth: 2,
} as const;
const filled = { fillColor: BLUE, fillOpacity: 0.12, outlineColor: BLUE, outlineWidth: 2.4 } as const;

/**
 * A circle that two touches draw. terra-draw takes the radius from the pointer as it moves, and a thumb that
 * lifts between centre and edge never moves: the circle would stay at the centimetre that it begins with.
 */
class TouchedCircleMode extends TerraDrawCircleMode {
  override onClick(event: TerraDrawMouseEvent): void {
    if (this.state === 'drawing') this.onMouseMove(event);
    super.onClick(event);
  }
}

/** One shape at a time: begun, followed, finished or cancelled, cleared. */
export class Drawing {
  private readonly draw: TerraDraw;
  private shape: Shape = 'polygon';
  private finished = false;

  constructor(
    private readonly map: MapLibre,
    private readonly changed: (drawn: Drawn) => void,
  ) {
    const coarse = window.matchMedia?.('(pointer: coarse)').matches;
    const pointerDistance = coarse ? 28 : 16;
    // A circle of 128 corners is 0.04 % smaller than the true one; what is counted is what is drawn.
    this.draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9 }),
      modes: [
        new TerraDrawPolygonMode({
          pointerDistance,
          showCoordinatePoints: true,
          styles: { ...filled, ...corner, ...closing },
        }),
        new TerraDrawRectangleMode({ styles: { ...filled } }),
        new TouchedCircleMode({ segments: 128, styles: { ...filled } }),
        new TerraDrawLineStringMode({
          pointerDistance,
          showCoordinatePoints: true,
          styles: { lineStringColor: BLUE, lineStringWidth: 2.6, ...corner, ...closing },
        }),
      ],
      undoRedo: { modeLevel: new TerraDrawModeUndoRedo() },
    });
    this.draw.start();
    this.draw.on('change', () => this.tell());
    this.draw.on('history', () => this.tell());
    this.draw.on('finish', () => {
      this.finished = true;
      // A second shape would be a second answer; the reader starts one when wanted.
      setTimeout(() => {
        if (this.finished && this.draw.enabled) this.draw.setMode('static');
      });
      this.tell();
    });
  }

  begin(shape: Shape): void {
    this.shape = shape;
    this.finished = false;
    this.draw.clear();
    this.draw.setMode(MODES[shape]);
    this.map.getCanvas().focus({ preventScroll: true });
    this.tell();
  }

  undo(): void {
    this.draw.undo();
  }

  redo(): void {
    this.draw.redo();
  }

  /** Ends the shape where it stands. terra-draw offers this only as a key on the map. */
  finish(): void {
    this.map.getCanvas().dispatchEvent(new KeyboardEvent('keyup', { key: 'Enter' }));
  }

  /** Takes everything away and gives the map back to clicks. */
  stop(): void {
    this.finished = false;
    if (!this.draw.enabled) return;
    this.draw.setMode('static');
    this.draw.clear();
  }

  private tell(): void {
    this.changed({
      points: this.points(),
      finished: this.finished,
      canUndo: !this.finished && this.draw.canUndo(),
      canRedo: !this.finished && this.draw.canRedo(),
    });
  }

  private points(): LonLat[] {
    const mode = MODES[this.shape];
    const feature = this.draw
      .getSnapshot()
      .find(
        (candidate) =>
          candidate.properties.mode === mode && ['Polygon', 'LineString'].includes(candidate.geometry.type),
      );
    if (!feature) return [];
    const { geometry } = feature;
    if (geometry.type === 'LineString') return distinct(geometry.coordinates as LonLat[]);
    if (geometry.type === 'Polygon') return distinct((geometry.coordinates[0] as LonLat[]).slice(0, -1));
    return [];
  }
}

/** Without repeated neighbours: the corner under the pointer lies on the last one until it moves. */
function distinct(points: LonLat[]): LonLat[] {
  return points.filter((point, index) => {
    const before = points[index - 1];
    return !before || before[0] !== point[0] || before[1] !== point[1];
  });
}
