/** Files with personal data: asked for, approved by somebody else, fetched for a while. */
import { address, post, request } from './client';
import type { Text } from './types';

export type ExportState = 'asked' | 'approved' | 'refused' | 'withdrawn' | 'ended';

export interface ExportRequest {
  id: string;
  user: string;
  name: string;
  unit: string;
  role: string;
  title: Text;
  paths: string[];
  rows: number;
  reason: string;
  asked_at: string;
  state: ExportState;
  /** Whether it is one's own. */
  own: boolean;
  decided_by: string | null;
  decided_at: string | null;
  remark: string;
  /** Until when it can be decided, or the files fetched. */
  ends_at: string;
  fetches_left: number;
  /** Where the files are had, while they may be. */
  files: string[];
}

export interface ExportList {
  requests: ExportRequest[];
  /** Whether one decides on what others ask for. */
  decides: boolean;
  limits: { decide_days: number; fetch_hours: number; fetches: number; files: number };
}

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
