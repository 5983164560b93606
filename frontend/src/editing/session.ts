/** One edit: a feature, new or not, with the neighbours whose borders it shares. Pure. */
import type { Geometry } from 'geojson';
import type { Change, FeaturePart, Item, Layer, Properties } from '../api';
import { differing } from './form';
import { equal, geometryOf, type Outline, outlineOf } from './geometry/outline';
import { knot, type Outlines } from './geometry/shared';

/** The key of the feature itself among the outlines; neighbours stand there by id. */
export const MAIN = '';

/** A feature as it was read. */
export interface Held {
  id: string;
  version: number;
  base: Item;
}

export interface Session {
  layer: Layer;
  /** The feature as it was; null for a new one. */
  held: Held | null;
  others: ReadonlyMap<string, Held>;
  /** The outlines at the beginning, with the corners of neighbours knotted into shared borders. */
  initial: State;
}

/** What can be undone and done again. */
export interface State {
  outlines: Outlines;
  values: Properties;
}

/** A session over a feature and its neighbours, or over a new feature with first values. */
export function open(layer: Layer, held: Held | null, others: Held[], values: Properties = {}): Session {
  let outlines: Outlines = new Map();
  const put = (key: string, geometry: Geometry | null) => {
    const outline = outlineOf(geometry);
    if (outline) outlines = new Map([...outlines, [key, outline]]);
  };
  if (held) put(MAIN, held.base.geometry);
  for (const other of others) put(other.id, other.base.geometry);
  if (held && others.length > 0) {
    for (const { id } of others) outlines = knot(outlines, id);
    outlines = knot(outlines, MAIN);
  }
  return {
    layer,
    held,
    others: new Map(others.map((other) => [other.id, other])),
    initial: { outlines, values: { ...(held?.base.properties ?? values) } },
  };
}

const shapeOf = (state: State, key: string): Outline | null => state.outlines.get(key) ?? null;

/** Whether anything differs from the beginning. */
export function isDirty({ layer, initial }: Session, state: State): boolean {
  const keys = new Set([...initial.outlines.keys(), ...state.outlines.keys()]);
  for (const key of keys) if (!equal(shapeOf(state, key), shapeOf(initial, key))) return true;
  return Object.keys(differing(layer, initial.values, state.values)).length > 0;
}

/** The change set that makes the map what the state says; empty where nothing differs. */
export function changesOf(session: Session, state: State): Change[] {
  const { layer, held, others, initial } = session;
  const changes: Change[] = [];
  const properties = differing(layer, held ? initial.values : {}, state.values);
  const outline = shapeOf(state, MAIN);
  const moved = !equal(outline, shapeOf(initial, MAIN));
  if (!held) {
    const filled = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
    const feature: FeaturePart = { properties: filled };
    if (layer.geometry !== 'none') feature.geometry = outline ? geometryOf(outline) : null;
    changes.push({ op: 'insert', layer: layer.id, feature });
  } else if (moved || Object.keys(properties).length > 0) {
    const feature: FeaturePart = {};
    if (moved) feature.geometry = outline ? geometryOf(outline) : null;
    if (Object.keys(properties).length > 0) feature.properties = properties;
    changes.push({ op: 'update', layer: layer.id, id: held.id, version: held.version, feature });
  }
  for (const [id, other] of others) {
    const now = shapeOf(state, id);
    if (!now || equal(now, shapeOf(initial, id))) continue;
    const feature = { geometry: geometryOf(now) };
    changes.push({ op: 'update', layer: layer.id, id, version: other.version, feature });
  }
  return changes;
}

/** The feature as the state has it, for comparing and showing; a new one has no id yet. */
export function featureOf({ held, initial }: Session, state: State): Item {
  const outline = shapeOf(state, MAIN);
  // An untouched outline is the shape as it was read, without the knots.
  const untouched = equal(outline, shapeOf(initial, MAIN));
  const geometry = untouched ? (held?.base.geometry ?? null) : outline ? geometryOf(outline) : null;
  return { type: 'Feature', id: held?.id ?? '', geometry, properties: state.values };
}
