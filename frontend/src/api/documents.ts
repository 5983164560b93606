/** Documents of a case: what was issued, what may be, and issuing them. */
import { ask, request } from './client';
import type { components } from './schema';

export type IssuedDocument = components['schemas']['IssuedDocument'];

export type DocumentForm = components['schemas']['DocumentForm'];

export type CaseDocuments = components['schemas']['CaseDocuments'];

export interface DocumentGiven {
  fields: Record<string, unknown>;
  party?: string;
}

const path = (id: string) => `enforcement/cases/${encodeURIComponent(id)}/documents`;
const posted = (given: unknown, key?: string) => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(key ? { 'idempotency-key': key } : {}),
  },
  body: JSON.stringify(given),
});

export const caseDocuments = (id: string, signal?: AbortSignal) =>
  request<CaseDocuments>(path(id), signal ? { signal } : {});

/** Issues a document. `key` makes a repeat harmless. */
export const issueDocument = async (id: string, form: string, given: DocumentGiven, key: string) =>
  (await ask<CaseDocuments>(`${path(id)}/${encodeURIComponent(form)}`, posted(given, key))).body;

export const voidDocument = async (id: string, document: string, reason: string) =>
  (await ask<CaseDocuments>(`${path(id)}/${encodeURIComponent(document)}/void`, posted({ reason }))).body;
