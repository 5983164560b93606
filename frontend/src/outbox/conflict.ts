/** What was written off line and meets something else on the server: to look at it, or to do it all the same. */
import { ask } from '../api';
import { stepOf } from '../process/queued';
import type { Operation } from './operation';

/** A change as a queued request names it. */
interface Queued {
  op: string;
  layer: string;
  id?: string;
  version?: number;
  feature?: { properties?: Record<string, unknown> };
}

/** Somebody changed it meanwhile (412), or it is gone (404, or a reference to nothing). */
export type Clash = 'changed' | 'gone' | null;

export function clashOf(operation: Operation): Clash {
  if (operation.path !== 'changes' && !stepOf(operation.path)) return null;
  if (operation.refused?.status === 412) return 'changed';
  return operation.refused?.status === 404 ? 'gone' : null;
}

export function changesOf(operation: Operation): Queued[] {
  if (typeof operation.body !== 'string') return [];
  try {
    const body: unknown = JSON.parse(operation.body);
    const changes = (body as { changes?: unknown }).changes;
    return Array.isArray(changes) ? (changes as Queued[]) : [];
  } catch {
    return [];
  }
}

const path = (layer: string, id: string) =>
  `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}?f=json`;

async function versionOf(layer: string, id: string): Promise<number | undefined> {
  const { headers } = await ask(path(layer, id), { cache: 'no-cache' });
  const version = /"(\d+)/.exec(headers.get('etag') ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}

/**
 * The same request on what is there now: with the present versions, and under a key of its own, because it is
 * another request. Throws where something is gone.
 */
export async function onTopOf(operation: Operation): Promise<Operation> {
  const { refused: _, ...rest } = operation;
  const step = stepOf(operation.path);
  if (step) {
    const headers: Record<string, string> = {
      ...rest.headers,
      'if-match': `"${await versionOf(step.layer, step.id)}"`,
    };
    // Another request: not the one that was tried.
    delete headers['idempotency-key'];
    return { ...rest, key: `${operation.key}+`, headers };
  }
  const body = JSON.parse(String(operation.body)) as { changes: Queued[] };
  for (const change of body.changes) {
    if (!change.id || change.version === undefined) continue;
    change.version = (await versionOf(change.layer, change.id)) ?? change.version;
  }
  return { ...rest, key: `${operation.key}+`, body: JSON.stringify(body) };
}

/** The feature to look at: the house of what is about people, else the feature itself. */
export async function subjectOf(operation: Operation): Promise<{ layer: string; id: string } | null> {
  const step = stepOf(operation.path);
  if (step) return step;
  for (const { layer, id, feature } of changesOf(operation)) {
    const building = feature?.properties?.building;
    if (typeof building === 'string') return { layer: 'building', id: building };
    if (!id) continue;
    if (layer !== 'residence' && layer !== 'person' && layer !== 'rental_declaration') return { layer, id };
    const { body } = await ask<{ properties: Record<string, unknown> }>(path(layer, id));
    if (typeof body.properties.building === 'string')
      return { layer: 'building', id: body.properties.building };
  }
  return null;
}
