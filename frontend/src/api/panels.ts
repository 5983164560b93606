/** What the panels show beside the statistics: rounds of visits, and the quality of the data. */
import { post, request } from './client';
import type { components } from './schema';
import { type BehindPage, type HouseList, paged } from './statistics';
import type { LonLat } from './types';

/** What came of a house: in a round, or without one how long ago it was seen. */
export type HouseState = components['schemas']['HouseState'];

export type CoveragePart = components['schemas']['CoveragePart'];

export type Coverage = components['schemas']['Coverage'];

/** What houses are listed by: their state, their declarations, or residents who were not verified. */
export type CoverageFigure =
  | HouseState
  | 'unseen'
  | 'surveyed'
  | 'declared'
  | 'unchecked'
  | 'mismatched'
  | 'people';

/** The houses that a number of a round is made of, or of the visits altogether. */
export const coverageHouses = (
  of: { of: CoverageFigure; round?: string; grid?: string },
  page: BehindPage,
  signal?: AbortSignal,
) => request<HouseList>(`coverage/houses?${paged(of, page)}`, signal ? { signal } : {});

/** How far a round has come; without one, when each house was last seen. */
export const coverage = (round: string | null, signal?: AbortSignal) =>
  request<Coverage>(
    `coverage${round ? `?round=${encodeURIComponent(round)}` : ''}`,
    signal ? { signal } : {},
  );

/** What came of a count at night. */
export type NightCounted = components['schemas']['NightCounted'];

/** Writes down the plates that stand somewhere tonight. */
export const countAtNight = (place: LonLat, plates: string[]) =>
  post<NightCounted>('night-counts', { at: new Date().toISOString(), place, plates });

export type Quality = components['schemas']['Quality'];

/** What in the data is wrong or suspicious. */
export const quality = (signal?: AbortSignal) => request<Quality>('quality', signal ? { signal } : {});

/** What came of a register of people (xlsx): looked at, or taken in. */
export type RegisterTaken = components['schemas']['RegisterTaken'];

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
