/** What the panels show beside the statistics: rounds of visits, and the quality of the data. */
import { post, request } from './client';
import type { LonLat, Properties, Text } from './types';

/** What came of a house: in a round, or without one how long ago it was seen. */
export type HouseState = 'seen' | 'absent' | 'refused' | 'left' | 'fresh' | 'due' | 'long' | 'never';

export interface CoveragePart {
  houses: number;
  states: Partial<Record<HouseState, number>>;
  /** Done and all, of 人, 屋, 车, 场 and 网. */
  elements: Record<string, [number, number]>;
  rentals: {
    surveyed: number;
    declared: number;
    unchecked: number;
    mismatched: number;
    without_head: number;
  };
  vehicles: { declared: number; counted: number; resident: number };
}

export interface Coverage {
  sequence: number;
  as_of: string;
  round?: { id: string } & Properties;
  unseen_days: [number, number];
  basis: Text;
  total: CoveragePart;
  grids: (CoveragePart & {
    id: string | null;
    code: string | null;
    name: string | null;
    worker: string | null;
  })[];
  /** With the address of the first of those that nobody saw. */
  houses: { id: string; state: HouseState; seen_on?: string; address?: string }[];
}

/** How far a round has come; without one, when each house was last seen. */
export const coverage = (round: string | null, signal?: AbortSignal) =>
  request<Coverage>(
    `coverage${round ? `?round=${encodeURIComponent(round)}` : ''}`,
    signal ? { signal } : {},
  );

/** What came of a count at night. */
export interface NightCounted {
  counted: number;
  new: number;
  /** Written down before on the same night. */
  again: number;
  resident: number;
  basis: Text;
}

/** Writes down the plates that stand somewhere tonight. */
export const countAtNight = (place: LonLat, plates: string[]) =>
  post<NightCounted>('night-counts', { at: new Date().toISOString(), place, plates });

export interface Quality {
  sequence: number;
  as_of: string;
  tallies: { severity: 'error' | 'warning'; check: string; layer: string; count: number }[];
  findings: {
    severity: string;
    check: string;
    layer: string;
    ids: string[];
    message: string;
    [more: string]: unknown;
  }[];
}

/** What in the data is wrong or suspicious. */
export const quality = (signal?: AbortSignal) => request<Quality>('quality', signal ? { signal } : {});

/** What came of a register of people (xlsx): looked at, or taken in. */
export interface RegisterTaken {
  sheet: string;
  unknown_headings: string[];
  rows: number;
  people: number;
  new_people: number;
  known_people: number;
  new_residences: number;
  unchanged: number;
  new_rooms: number;
  faults: { cell: string; row: number; field: string; code: string; message: string }[];
  open: { cell: string; row: number; code: string; message: string; candidates: string[] }[];
  dry_run: boolean;
  change_set: number | null;
}

/** Checks a register, or takes it in; `partial` leaves out the lines with faults. */
export const register = (file: Blob, how: 'check' | 'take' | 'partial') =>
  request<RegisterTaken>(
    `registers${how === 'check' ? '?dry_run=true' : how === 'partial' ? '?partial=true' : ''}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
      body: file,
    },
  );
