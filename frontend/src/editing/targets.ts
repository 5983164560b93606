/** What can be snapped to and traced: the shapes of chosen layers around the view, as the server holds them. */
import type { Bounds } from '../api';
import * as api from '../api';
import { type Outline, outlineOf } from './geometry/outline';

/** More features than this of a layer are not fetched: the reader is asked to look closer. */
const MOST = 1500;

export interface Target {
  id: string;
  outline: Outline;
}

export interface Loaded {
  targets: Map<string, Target[]>;
  /** Layers with too much in view. */
  tooMany: string[];
}

/** The shapes of layers in a box. */
export async function loadTargets(layers: string[], box: Bounds, signal: AbortSignal): Promise<Loaded> {
  const loaded: Loaded = { targets: new Map(), tooMany: [] };
  await Promise.all(
    layers.map(async (layer) => {
      // The id alone: a shape needs no fields.
      const page = await api.items(layer, { limit: MOST, offset: 0, bbox: box, properties: ['id'] }, signal);
      if ((page.numberMatched ?? 0) > MOST) {
        loaded.tooMany.push(layer);
        return;
      }
      const targets = page.features.flatMap((feature) => {
        const outline = outlineOf(feature.geometry);
        return outline ? [{ id: String(feature.id), outline }] : [];
      });
      loaded.targets.set(layer, targets);
    }),
  );
  return loaded;
}

/** A box widened by a share of its size on each side. */
export function widened([west, south, east, north]: Bounds, by: number): Bounds {
  const [w, h] = [(east - west) * by, (north - south) * by];
  return [west - w, south - h, east + w, north + h];
}
