/** Unsaved edits, kept in the browser so that a reload or a crash loses nothing. */
import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Item, Properties } from '../api';
import type { Outline } from './geometry/outline';

/** An edit as it is kept. Structured clone keeps it as it is. */
export interface Draft {
  layer: string;
  /** The feature; null for a new one. */
  id: string | null;
  version: number | null;
  base: Item | null;
  outline: Outline | null;
  values: Properties;
  /** Neighbours that share borders: what they were and have become. */
  others: { id: string; version: number; base: Item; outline: Outline }[];
  /** Milliseconds since 1970. */
  at: number;
}

let store: UseStore | undefined;
const kept = () => (store ??= createStore('yizhangtu', 'drafts'));

// One draft a reader: an edit is finished or given up before the next begins.
const keyOf = (user: string | null) => `draft:${user ?? ''}`;

/** Keeps a draft; where the browser refuses storage the edit goes on without. */
export async function keep(user: string | null, draft: Draft): Promise<boolean> {
  try {
    await set(keyOf(user), draft, kept());
    return true;
  } catch {
    return false;
  }
}

export async function recall(user: string | null): Promise<Draft | null> {
  try {
    return (await get<Draft>(keyOf(user), kept())) ?? null;
  } catch {
    return null;
  }
}

export async function forget(user: string | null): Promise<void> {
  try {
    await del(keyOf(user), kept());
  } catch {
    // nothing was kept then
  }
}
