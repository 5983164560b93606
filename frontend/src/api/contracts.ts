/** Collective contracts as a ledger. Money in 分, areas in m². */
import { request } from './client';

export interface ContractEntry {
  id: string;
  code: string | null;
  name: string | null;
  lessee: string | null;
  state: string | null;
  start_on: string | null;
  end_on: string | null;
  days_left: number | null;
  area_m2: number | null;
  amount_fen: number | null;
  monthly_fen: number;
  due_this_year_fen: number;
  relief_this_year_fen: number;
  arrears_fen: number;
  overdue_days: number | null;
  rent_per_m2_fen: number | null;
  guide_per_m2_fen: number | null;
  below_guide: boolean;
  assets: string[];
}

export interface IdleAsset {
  id: string;
  code: string | null;
  name: string | null;
  kind: string | null;
  state: string | null;
  area_m2: number | null;
}

export interface Ledger {
  sequence: number;
  on: string;
  count: number;
  amount_fen: number;
  monthly_fen: number;
  due_this_year_fen: number;
  arrears_fen: number;
  expiring: [number, number, number];
  below_guide: number;
  contracts: ContractEntry[];
  idle: IdleAsset[];
  idle_m2: number;
}

/** What is due for a month that begins on a day. */
export interface RentMonth {
  from: string;
  rent_fen: number;
  relief_fen: number;
  due_fen: number;
}

/** Every contract that this reader sees, the next to end first. */
export const ledger = (on?: string) => request<Ledger>(on ? `contracts?on=${on}` : 'contracts');

export const rent = (id: string) => request<RentMonth[]>(`contracts/${encodeURIComponent(id)}/rent`);
