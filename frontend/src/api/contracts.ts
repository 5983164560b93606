/** Collective contracts as a ledger. Money in 分, areas in m². */
import { request } from './client';
import type { components } from './schema';

export type ContractEntry = components['schemas']['ContractEntry'];

export type LedgerAsset = components['schemas']['LedgerAsset'];

export type Ledger = components['schemas']['Ledger'];

/** Part of the rent of some days that is let off. */
export type Relief = components['schemas']['Relief'];

/** What is due for a month that begins on a day. */
export type RentMonth = components['schemas']['RentMonth'];

/** Every contract that this reader sees, or those over one asset, the next to end first; as of a day. */
export const ledger = (of: { on?: string; asset?: string } = {}, signal?: AbortSignal) =>
  request<Ledger>(`contracts?${new URLSearchParams(of)}`, signal ? { signal } : {});

export const rent = (id: string, signal?: AbortSignal) =>
  request<RentMonth[]>(`contracts/${encodeURIComponent(id)}/rent`, signal ? { signal } : {});
