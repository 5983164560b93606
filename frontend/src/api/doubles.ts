/** Records of the register that may be one person, and making them one. */
import { request } from './client';
import type { components } from './schema';

export type Doubles = components['schemas']['Doubles'];

/** Records that may be one person, as this viewer sees them. */
export type Double = components['schemas']['Double'];

export type DoublePerson = Double['people'][number];

/** Those of a house, or of the whole register from one on. */
export const doubles = (house: string | null, offset = 0, signal?: AbortSignal) =>
  request<Doubles>(
    `people/doubles?${house ? `house=${encodeURIComponent(house)}` : `offset=${offset}`}`,
    signal ? { signal } : {},
  );

/** What stays of some records: whose id, and by field whose value where it is another's. */
export interface Merge {
  keep: string;
  merge: string[];
  versions: Record<string, number>;
  take: Record<string, string>;
}

/** Makes records one. `key` makes a repeat harmless. */
export const mergePeople = (merge: Merge, key: string) =>
  request<components['schemas']['MergedPeople']>('people/merge', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(merge),
  });
