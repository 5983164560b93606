/** A house with everything that its page shows, in one answer. */
import { request } from './client';
import type { Found, LonLat, Properties, Text } from './types';

/** A row of a table as this viewer sees it, with the version that its change has to name. */
export type Row = { id: string; version: number } & Properties;

export interface Resident {
  person: Row;
  residence: Row;
  /** Whether the person counts here: somebody whose main residence is elsewhere does not. */
  counted: boolean;
}

/** A room, or with no id the place of those whose room is not known. */
export type Room = { id: string | null; version?: number; residents: Resident[] } & Properties;

export interface House {
  sequence: number;
  id: string;
  version: number;
  properties: Properties;
  point: LonLat | null;
  at: Record<string, Found[]>;
  figures?: {
    residents: number;
    households: number;
    rooms: number;
    rooms_let: number;
    rooms_vacant: number;
    unverified: number;
    overdue: number;
  };
  rooms?: Room[];
  households?: Row[];
  former?: Resident[];
  visits?: Row[];
  declarations?: Row[];
  cases: Found[];
  contracts: Found[];
  events: Found[];
  basis: Text;
  may: { move_in: boolean; move_out: boolean; correct: boolean; visit: boolean; unmask: boolean };
}

export const house = (id: string, signal?: AbortSignal) =>
  request<House>(`houses/${encodeURIComponent(id)}`, signal ? { signal } : {});
