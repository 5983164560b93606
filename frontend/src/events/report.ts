/** A problem that somebody stands before, as the map will hold it. */
import { ulid } from 'ulid';
import type { Code, LonLat } from '../api';
import type { Draft } from '../outbox/store';

export interface Report {
  type: string;
  title: string;
  description: string;
  urgency: string;
  source: string;
  place: string;
  at: LonLat;
  building: string | null;
  reporter: string;
  /** Milliseconds since 1970. */
  seen: number;
  photos: { name: string; content: ArrayBuffer }[];
}

/** Kinds that are reported: the leaves of the list, each after its parent's other children. */
export function kinds(codes: readonly Code[]): Code[] {
  const parents = new Set(codes.map((code) => code.parent).filter(Boolean));
  return codes.filter((code) => !parents.has(code.code));
}

/** Where an event begins its way up. */
const LEVEL = '网格';

/** What a photograph shows that comes with the report. */
const BEFORE = '处置前';

/** The requests that report it: the event, then its photographs. The id is made here, so that they can name it off line. */
export function requestsOf(report: Report): { id: string; drafts: Draft[] } {
  const id = ulid();
  const when = new Date(report.seen).toISOString();
  const properties = {
    type: report.type,
    title: report.title,
    description: report.description || null,
    urgency: report.urgency,
    source: report.source,
    place: report.place || null,
    building: report.building,
    reporter: report.reporter || null,
    state: '20',
    level: LEVEL,
    happened_at: when,
    reported_at: when,
  };
  const feature = { geometry: { type: 'Point', coordinates: report.at }, properties };
  const event: Draft = {
    method: 'POST',
    path: 'changes',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      reason: report.title,
      changes: [{ op: 'insert', layer: 'grid_event', id, feature }],
    }),
    title: report.title,
  };
  const photos = report.photos.map(({ name, content }): Draft => {
    const query = new URLSearchParams({ kind: BEFORE, name });
    return {
      method: 'POST',
      path: `collections/grid_event/items/${id}/attachments?${query}`,
      headers: { 'content-type': 'application/octet-stream' },
      body: content,
      title: name,
    };
  });
  return { id, drafts: [event, ...photos] };
}
