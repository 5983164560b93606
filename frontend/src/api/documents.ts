/** Documents of a case: what was issued, what may be, and issuing them. */
import { ask, request } from './client';
import type { Text } from './types';

export interface DocumentFile {
  sha256: string;
  href: string;
}

export interface IssuedDocument {
  id: string;
  kind: string;
  number: string;
  issued_on: string;
  author: string;
  form: string;
  docx: DocumentFile;
  pdf: DocumentFile;
  /** Whether the files, which name persons, are for this viewer. */
  may_read: boolean;
  may_void: boolean;
  void: { reason: string; author: string; on: string } | null;
}

export interface DocumentAsk {
  name: string;
  label: Text;
  type: 'text' | 'integer' | 'decimal' | 'boolean' | 'date' | 'date_time' | 'json';
  required: boolean;
  choices: string[];
}

export interface DocumentForm {
  id: string;
  title: Text;
  version: string;
  standard: string | null;
  asks: DocumentAsk[];
}

export interface CaseDocuments {
  issued: IssuedDocument[];
  forms: DocumentForm[];
  parties: { id: string; name: string; role: string }[];
}

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
