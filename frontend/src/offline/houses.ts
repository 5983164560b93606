/**
 * Houses of one's own grids, taken along to where there is no network: sealed on the device as what waits to
 * be sent is, under the same key, and gone with it.
 */
import { clear, get, set } from 'idb-keyval';
import type { House, Item, LonLat } from '../api';
import { houses, type SealedText, seal, unseal } from '../outbox/box';

/** A house as it was when it was taken along. */
export interface TakenHouse {
  item: Item;
  house: House;
}

/** What a house is found by. */
export interface Entry {
  id: string;
  text: string;
  point: LonLat | null;
}

/** What is on the device, and since when. */
export interface Taken {
  at: number;
  /** The grids that they lie in. */
  grids: string[];
  entries: Entry[];
}

const INDEX = 'index';
const place = (user: string, what: string) => `${user}\n${what}`;

export async function keepHouse(user: string, taken: TakenHouse): Promise<void> {
  await set(place(user, taken.house.id), await seal(user, JSON.stringify(taken)), houses());
}

export async function keepIndex(user: string, taken: Taken): Promise<void> {
  await set(place(user, INDEX), await seal(user, JSON.stringify(taken)), houses());
}

async function read<T>(user: string, what: string): Promise<T | null> {
  try {
    const sealed = await get<SealedText>(place(user, what), houses());
    return sealed ? (JSON.parse(await unseal(user, sealed)) as T) : null;
  } catch {
    return null; // under a key that is gone: as if it were not there
  }
}

export const readHouse = (user: string, id: string) => read<TakenHouse>(user, id);
export const readIndex = (user: string) => read<Taken>(user, INDEX);
export const dropHouses = () => clear(houses());

/** The houses that what was typed may mean: every part of it stands in what they are found by. */
export function matching(entries: readonly Entry[], query: string, most = 20): Entry[] {
  const plain = (text: string) => text.normalize('NFKC').toLowerCase();
  const parts = plain(query).split(/\s+/).filter(Boolean);
  if (parts.length === 0) return [];
  return entries.filter(({ text }) => parts.every((part) => plain(text).includes(part))).slice(0, most);
}

/** The tiles of a zoom that a box of longitudes and latitudes touches. */
export function tilesOf(
  [west, south, east, north]: [number, number, number, number],
  z: number,
): [number, number][] {
  const size = 2 ** z;
  const column = (lon: number) => Math.floor(((lon + 180) / 360) * size);
  const row = (lat: number) => {
    const radians = (lat * Math.PI) / 180;
    return Math.floor(((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * size);
  };
  const found: [number, number][] = [];
  for (let x = column(west); x <= column(east); x++)
    for (let y = row(north); y <= row(south); y++) found.push([x, y]);
  return found;
}
