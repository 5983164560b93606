/** A house with everything that its page shows, in one answer. */
import { request } from './client';
import type { components } from './schema';

/** A row of a table as this viewer sees it, with the version that its change has to name. */
export type Row = components['schemas']['PlainRow'];

export type Resident = components['schemas']['Resident'];

/** A room, or with no id the place of those whose room is not known. */
export type Room = components['schemas']['Room'];

export type House = components['schemas']['House'];

export const house = (id: string, signal?: AbortSignal) =>
  request<House>(`houses/${encodeURIComponent(id)}`, signal ? { signal } : {});
