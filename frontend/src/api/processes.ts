/** The life of features: where one stands, what may be done next, and the machine behind it. */
import type { Geometry } from 'geojson';
import { ask } from './client';
import type { components } from './schema';
import type { LonLat } from './types';

export type ProcessField = components['schemas']['ProcessField'];

/** What a step asks to be filled in and held. */
export type ProcessAsks = components['schemas']['ProcessAsks'];

export type ProcessStep = components['schemas']['ProcessStep'];

export type ProcessRow = components['schemas']['ProcessRow'];

/** Where a feature stands. */
export type Standing = components['schemas']['Standing'];

export type MachineLimit = components['schemas']['MachineLimit'];

export type Machine = components['schemas']['Machine'];

/** What is handed in with a step. */
export interface StepGiven {
  /** When it was done, where it is sent later. */
  at?: string;
  note?: string;
  place?: LonLat;
  fields?: Record<string, unknown>;
  photos?: { hash: string; shows?: string; name?: string; at?: string }[];
  documents?: { kind: string; number: string }[];
  geometry?: Geometry;
}

const path = (layer: string, id: string) =>
  `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}/process`;
const versionOf = (headers: Headers) => Number(/"(\d+)/.exec(headers.get('etag') ?? '')?.[1] ?? 0);

/** The machines of the layers that the viewer may see. */
export const processes = async () =>
  (await ask<components['schemas']['Processes']>('processes')).body.processes;

/** A machine in force, or an earlier version of it. */
export const machine = async (layer: string, version?: string, signal?: AbortSignal) =>
  (
    await ask<Machine>(
      `processes/${encodeURIComponent(layer)}${version ? `?version=${encodeURIComponent(version)}` : ''}`,
      signal ? { signal } : {},
    )
  ).body;

/** Where a feature stands, and the version that a step has to name. */
export async function standing(
  layer: string,
  id: string,
  signal?: AbortSignal,
): Promise<{ standing: Standing; version: number }> {
  const { body, headers } = await ask<Standing>(path(layer, id), {
    ...(signal ? { signal } : {}),
    cache: 'no-cache',
  });
  return { standing: body, version: versionOf(headers) };
}

/** Takes a step. `key` makes a repeat harmless. */
export async function takeStep(
  layer: string,
  id: string,
  step: string,
  version: number,
  given: StepGiven,
  key: string,
): Promise<{ standing: Standing; version: number }> {
  const { body, headers } = await ask<Standing>(`${path(layer, id)}/${encodeURIComponent(step)}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'if-match': `"${version}"`,
      'idempotency-key': key,
    },
    body: JSON.stringify(given),
  });
  return { standing: body, version: versionOf(headers) };
}
