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
}

/** Kinds that are reported: the leaves of the list, each after its parent's other children. */
export function kinds(codes: readonly Code[]): Code[] {
  const parents = new Set(codes.map((code) => code.parent).filter(Boolean));
  return codes.filter((code) => !parents.has(code.code));
}

/** The request that reports it. The id is made here, so that photographs can follow it off line. */
export function requestOf(report: Report): { id: string; draft: Draft } {
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
    happened_at: when,
    reported_at: when,
  };
  const feature = { geometry: { type: 'Point', coordinates: report.at }, properties };
  return {
    id,
    draft: {
      method: 'POST',
      path: 'changes',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        reason: report.title,
        changes: [{ op: 'insert', layer: 'grid_event', id, feature }],
      }),
      title: report.title,
    },
  };
}
