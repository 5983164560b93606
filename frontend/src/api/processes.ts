/** The life of features: where one stands, what may be done next, and the machine behind it. */
import type { Geometry } from 'geojson';
import { ask } from './client';
import type { LonLat, Text } from './types';

export interface ProcessField {
  name: string;
  label: Text;
  type: 'text' | 'integer' | 'decimal' | 'boolean' | 'date' | 'date_time' | 'json';
  required: boolean;
  /** Whether the number is added to what the field holds. */
  adds: boolean;
  choices: { code: string; title: Text }[];
  range: [number, number] | null;
  unit: string | null;
  decimals: number | null;
  reference: string | null;
  max_length: number | null;
  /** Whether it is a field of the layer, which may hold a value already. */
  of_layer: boolean;
}

/** What a step asks to be filled in and held. */
export interface ProcessAsks {
  id: string;
  title: Text;
  note: boolean;
  fields: ProcessField[];
  photos: { least: number; shows: string | null; earlier: boolean; title: Text }[];
  documents: { any: string[]; held?: { kind: string; number: string } | null }[];
  place: { within_m: number } | null;
  geometry: boolean;
  officers: { field: string; least: number } | null;
  roles: { id: string; title: Text }[];
}

export interface ProcessStep extends ProcessAsks {
  to: string;
  to_title: Text;
  mine: boolean;
  allowed: boolean;
  why_not: { demand: string; field: string; zh: string; en: string }[];
}

export interface ProcessRow {
  step: string;
  title: Text;
  from: string;
  to: string;
  to_title: Text;
  at: string;
  actor: string;
  role: string;
  role_title: Text;
  note: string;
  place: LonLat | null;
  data: Record<string, unknown>;
  labels: Record<string, Text>;
  attachments: { sort: string; kind?: string; number?: string; shows?: string; hash?: string }[];
}

/** Where a feature stands. */
export interface Standing {
  layer: string;
  id: string;
  /** The layer of its log. */
  log_layer: string;
  state: string;
  title: Text;
  since: string;
  deadline: string | null;
  overdue: boolean;
  suspended: boolean;
  ends: boolean;
  version: string;
  /** Others that may be the same thing, the nearest first. */
  duplicates: { id: string; code: string | null; label: string | null; distance_m: number; title: Text }[];
  transitions: ProcessStep[];
  log: ProcessRow[];
}

export interface MachineLimit {
  when?: { field: string; is?: string[]; not?: string[] }[];
  hours?: number;
  days?: number;
  months?: number;
  working?: boolean;
}

export interface Machine {
  layer: string;
  version: string;
  versions: string[];
  title: Text;
  standard: string | null;
  calendar: { id: string; title: Text; version: string; hours: [string, string][] } | null;
  states: {
    code: string;
    title: Text;
    color: string | null;
    limits: MachineLimit[];
    ends: boolean;
    stops: boolean;
    initial: boolean;
  }[];
  transitions: (ProcessAsks & {
    from: string[];
    to: string;
    auto: boolean;
    waits: { title: Text; since: string; limits: MachineLimit[] }[];
    other_than: string[];
    after: string[];
  })[];
}

/** What is handed in with a step. */
export interface StepGiven {
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
  (await ask<{ processes: { layer: string; version: string; title: Text }[] }>('processes')).body.processes;

/** A machine in force, or an earlier version of it. */
export const machine = async (layer: string, version?: string) =>
  (
    await ask<Machine>(
      `processes/${encodeURIComponent(layer)}${version ? `?version=${encodeURIComponent(version)}` : ''}`,
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
