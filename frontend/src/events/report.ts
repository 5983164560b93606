/** A problem that somebody stands before, as the map will hold it. */
import type { Code, LonLat } from '../api';
import type { Photograph, Reported } from '../onsite/requests';

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
  photos: Photograph[];
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

/** The event that it is. */
export function eventOf(report: Report): Reported {
  const when = new Date(report.seen).toISOString();
  return {
    layer: 'grid_event',
    title: report.title,
    geometry: { type: 'Point', coordinates: report.at },
    properties: {
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
    },
    kind: BEFORE,
    photos: report.photos,
  };
}
