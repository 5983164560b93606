/** How the map is changed, and what was changed. The server's `docs/changes.md` is the contract. */
import type { Geometry } from 'geojson';
import { ask, request } from './client';
import type { components } from './schema';
import type { Item, LonLat, Properties } from './types';

export interface FeaturePart {
  geometry?: Geometry | null;
  properties?: Properties;
}

/** One change of a set. `version` is the one that the author saw. */
export type Change =
  | { op: 'insert'; layer: string; id?: string; feature: FeaturePart }
  | { op: 'update'; layer: string; id: string; version: number; feature: FeaturePart }
  | { op: 'delete'; layer: string; id: string; version: number }
  | {
      op: 'split';
      layer: string;
      id: string;
      version: number;
      line: { type: 'LineString'; coordinates: LonLat[] };
      parts?: { properties?: Properties }[];
    }
  | { op: 'merge'; layer: string; ids: string[]; versions: number[]; properties?: Properties };

/** What came of a change set. */
export type Committed = components['schemas']['Changed'];

const json = { 'content-type': 'application/json' };
const path = (layer: string, id: string) =>
  `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}`;

/**
 * Writes a change set, all or nothing. `key` makes a repeat harmless: sent again after an answer that never
 * came, it gives the answer of the first time.
 */
export const commit = (changes: Change[], reason: string, key: string) =>
  request<Committed>('changes', {
    method: 'POST',
    headers: { ...json, 'idempotency-key': key },
    body: JSON.stringify({ reason, changes }),
  });

/** A feature with the version that its change has to name. */
export async function versioned(
  layer: string,
  id: string,
  signal?: AbortSignal,
): Promise<{ item: Item; version: number }> {
  const { body, headers } = await ask<Item>(`${path(layer, id)}?f=json`, {
    ...(signal ? { signal } : {}),
    cache: 'no-cache',
  });
  return { item: body, version: Number(/"(\d+)/.exec(headers.get('etag') ?? '')?.[1] ?? 0) };
}

export type HistoryEntry = components['schemas']['HistoryEntry'];

export type History = components['schemas']['History'];

/** Every change of a feature, newest first. */
export const history = (layer: string, id: string, signal?: AbortSignal) =>
  request<History>(`${path(layer, id)}/history`, signal ? { signal } : {});

/** Makes a feature what it was after a change. */
export const revertFeature = (layer: string, id: string, version: number, to: number, reason: string) =>
  request<Committed>(`${path(layer, id)}/revert`, {
    method: 'POST',
    headers: { ...json, 'if-match': `"${version}"` },
    body: JSON.stringify({ to, reason }),
  });

/** Takes a whole change set back, as a change set of its own. */
export const revertChangeSet = (changeSet: number, reason: string) =>
  request<Committed>(`changes/${changeSet}/revert`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ reason }),
  });

/** Takes an import back. */
export const revertBatch = (batch: string, reason: string) =>
  request<Committed>(`batches/${encodeURIComponent(batch)}/revert`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ reason }),
  });

/** The days on which something of these layers changed, the earliest first. */
export const daysOfChange = async (layers: string[]): Promise<string[]> =>
  (await request<{ days: string[] }>(`changes/days?layers=${layers.join(',')}`)).days;
