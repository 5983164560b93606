/** Collective contracts as a ledger. Money in 分, areas in m². */
import { request } from './client';
import type { components } from './schema';

export type ContractEntry = components['schemas']['ContractEntry'];

export type IdleAsset = components['schemas']['IdleAsset'];

export type Ledger = components['schemas']['Ledger'];

/** What is due for a month that begins on a day. */
export type RentMonth = components['schemas']['RentMonth'];

/** Every contract that this reader sees, the next to end first. */
export const ledger = (on?: string) => request<Ledger>(on ? `contracts?on=${on}` : 'contracts');

export const rent = (id: string) => request<RentMonth[]>(`contracts/${encodeURIComponent(id)}/rent`);
