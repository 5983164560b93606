/** The features of a partition that share a border with one of them. */
import type { Bounds, Item } from '../api';
import * as api from '../api';
import { boundsOf } from '../inspector/geometry';
import { edges, type Outline, outlineOf, same, vertices } from './geometry/outline';
import { onEdge } from './geometry/shared';
import type { Held } from './session';

/** More neighbours than this are not moved together; the server still refuses what would overlap. */
const MOST = 60;
const REACH = 1.5e-9;

/** Whether two outlines have a corner in common, or a corner of one lies on an edge of the other. */
export function touch(one: Outline, other: Outline): boolean {
  const lies = (a: Outline, b: Outline) => {
    for (const { point } of vertices(a)) {
      for (const edge of edges(b)) {
        if (same(point, edge.a) || onEdge(point, edge.a, edge.b, REACH)) return true;
      }
    }
    return false;
  };
  return lies(one, other) || lies(other, one);
}

/** The neighbours of a feature, each with the version that its change has to name. */
export async function neighboursOf(layer: string, item: Item, signal?: AbortSignal): Promise<Held[]> {
  const box = boundsOf(item.geometry);
  const outline = outlineOf(item.geometry);
  if (!box || !outline) return [];
  const wide: Bounds = [box[0] - 1e-7, box[1] - 1e-7, box[2] + 1e-7, box[3] + 1e-7];
  const near = await api.items(layer, { limit: 400, offset: 0, bbox: wide, properties: ['id'] }, signal);
  const touching = near.features.filter((feature) => {
    const other = outlineOf(feature.geometry);
    return String(feature.id) !== String(item.id) && other !== null && touch(outline, other);
  });
  if (touching.length > MOST) return [];
  return Promise.all(
    touching.map(async (feature) => {
      const id = String(feature.id);
      const { item: base, version } = await api.versioned(layer, id, signal);
      return { id, version, base };
    }),
  );
}
