/** What is reported on the spot, as requests that may wait for the network: the feature, then its photographs. */
import type { Geometry } from 'geojson';
import { ulid } from 'ulid';
import type { Draft } from '../outbox/store';
import { photoDraft } from '../process/queued';

/** A photograph as it was taken. */
export interface Photograph {
  name: string;
  content: ArrayBuffer;
}

export interface Reported {
  layer: string;
  /** What its author knows it by while it waits. */
  title: string;
  geometry: Geometry;
  properties: Record<string, unknown>;
  /** The kind that its photographs are kept as. */
  kind: string;
  photos: Photograph[];
}

export const contentsOf = (files: File[]): Promise<Photograph[]> =>
  Promise.all(files.map(async (file) => ({ name: file.name, content: await file.arrayBuffer() })));

/** The requests that report it. The id is made here, so that the photographs can name it off line. */
export function requestsOf(own: Reported): { id: string; drafts: Draft[] } {
  const id = ulid();
  const feature = { geometry: own.geometry, properties: own.properties };
  const insert: Draft = {
    method: 'POST',
    path: 'changes',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      reason: own.title,
      changes: [{ op: 'insert', layer: own.layer, id, feature }],
    }),
    title: own.title,
  };
  const photos = own.photos.map((photo) => photoDraft(own.layer, id, { ...photo, kind: own.kind }));
  return { id, drafts: [insert, ...photos] };
}
