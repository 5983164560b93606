/** Files with personal data: asked for, approved by somebody else, fetched for a while. */
import { address, post, request } from './client';
import type { components } from './schema';

export type ExportState = components['schemas']['ExportState'];

export type ExportRequest = components['schemas']['ExportRequest'];

export type ExportList = components['schemas']['ExportList'];

/** One's own requests, and those to decide on. */
export const exportRequests = () => request<ExportList>('exports');

/** Asks for files by their paths. */
export const askExport = (paths: string[], reason: string) =>
  post<ExportRequest>('exports', { paths, reason });

/** Approves, refuses or withdraws a request. */
export const decideExport = (id: string, state: 'approved' | 'refused' | 'withdrawn', remark = '') =>
  request<ExportRequest>(`exports/${encodeURIComponent(id)}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ state, remark }),
  });

/** Where an approved file is had. */
export const exportFile = (path: string) => address(path);
