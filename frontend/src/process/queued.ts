/** A step and its photographs as requests that wait for the network. */
import type { StepGiven } from '../api';
import type { Draft } from '../outbox/store';

const item = (layer: string, id: string) =>
  `collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}`;

/** SHA-256, by which the server will know the photograph too. */
export async function hashOf(content: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function photoDraft(
  layer: string,
  id: string,
  { name, kind, content }: { name: string; kind: string; content: ArrayBuffer },
): Draft {
  return {
    method: 'POST',
    path: `${item(layer, id)}/attachments?${new URLSearchParams({ kind, name })}`,
    headers: { 'content-type': 'application/octet-stream' },
    body: content,
    title: name,
  };
}

export function stepDraft(
  layer: string,
  id: string,
  own: { step: string; title: string; version: number; given: StepGiven; key: string },
): Draft {
  return {
    method: 'POST',
    path: `${item(layer, id)}/process/${encodeURIComponent(own.step)}`,
    headers: {
      'content-type': 'application/json',
      'if-match': `"${own.version}"`,
      'idempotency-key': own.key,
    },
    body: JSON.stringify(own.given),
    title: own.title,
  };
}

/** The feature whose step a queued request takes; none where it takes none. */
export function stepOf(path: string): { layer: string; id: string } | null {
  const found = /^collections\/([^/]+)\/items\/([^/]+)\/process\/[^/]+$/.exec(path);
  const [, layer, id] = found ?? [];
  return layer && id ? { layer: decodeURIComponent(layer), id: decodeURIComponent(id) } : null;
}
