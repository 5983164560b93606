/**
 * What waits to be sent, kept on the device and unreadable without a key that cannot be taken
 * off it: AES-256-GCM by the browser, the key made there and not extractable. Signing out
 * destroys the key with all it locked.
 */
import { clear, createStore, del, entries, get, keys, set, type UseStore } from 'idb-keyval';
import type { Operation } from './operation';

interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  body: ArrayBuffer;
  file: { iv: Uint8Array<ArrayBuffer>; body: ArrayBuffer } | null;
}

const stores = new Map<string, UseStore>();
// A database each: idb-keyval makes one store in a database.
function kept(what: 'operations' | 'keys' | 'houses'): UseStore {
  const store = stores.get(what) ?? createStore(`yizhangtu-outbox-${what}`, what);
  stores.set(what, store);
  return store;
}

/** Whether this device can keep anything safely: browsers give ciphers to HTTPS and to localhost only. */
export const canKeep = () => typeof indexedDB !== 'undefined' && crypto.subtle !== undefined;

async function keyOf(user: string): Promise<CryptoKey> {
  const held = await get<CryptoKey>(user, kept('keys'));
  if (held) return held;
  const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  await set(user, made, kept('keys'));
  return made;
}

async function lock(key: CryptoKey, plain: BufferSource) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, body: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plain) };
}

const unlock = (key: CryptoKey, { iv, body }: { iv: Uint8Array<ArrayBuffer>; body: ArrayBuffer }) =>
  crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, body);

/** A text that only this device can read. */
export interface SealedText {
  iv: Uint8Array<ArrayBuffer>;
  body: ArrayBuffer;
}

/** Seals a text for a user. */
export const seal = async (user: string, text: string): Promise<SealedText> =>
  lock(await keyOf(user), new TextEncoder().encode(text));

/** Opens what was sealed for a user; throws where the key is another one. */
export const unseal = async (user: string, sealed: SealedText): Promise<string> =>
  new TextDecoder().decode(await unlock(await keyOf(user), sealed));

/** Where the houses are that are taken along (`offline/houses.ts`). */
export const houses = () => kept('houses');

const place = (user: string, operation: string) => `${user}\n${operation}`;

/** Keeps an operation, or what has become of it. */
export async function keep(user: string, operation: Operation): Promise<void> {
  const key = await keyOf(user);
  const { body, ...rest } = operation;
  const text = typeof body === 'string' ? { ...rest, body } : rest;
  const sealed: Sealed = {
    ...(await lock(key, new TextEncoder().encode(JSON.stringify(text)))),
    file: typeof body === 'string' ? null : await lock(key, body),
  };
  await set(place(user, operation.key), sealed, kept('operations'));
}

/** What a user's queue holds, oldest first. What cannot be unlocked any more is dropped. */
export async function recall(user: string): Promise<Operation[]> {
  // Who keeps nothing here gets no key by looking.
  const key = await get<CryptoKey>(user, kept('keys'));
  const found: Operation[] = [];
  for (const [at, sealed] of await entries<string, Sealed>(kept('operations'))) {
    if (!at.startsWith(place(user, ''))) continue;
    try {
      if (!key) throw new Error('the key is gone');
      const operation = JSON.parse(new TextDecoder().decode(await unlock(key, sealed)));
      if (sealed.file) operation.body = await unlock(key, sealed.file);
      found.push(operation);
    } catch {
      await del(at, kept('operations'));
    }
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

export const forget = (user: string, operation: string) => del(place(user, operation), kept('operations'));

/** How many operations are kept on this device, of every user. */
export async function waiting(): Promise<number> {
  if (!canKeep()) return 0;
  // Storage that cannot be read holds nothing that could be sent.
  return keys(kept('operations')).then(
    (found) => found.length,
    () => 0,
  );
}

/** Destroys everything that is kept on this device, of every user. */
export async function destroy(): Promise<void> {
  if (typeof indexedDB === 'undefined') return;
  await clear(kept('keys'));
  await clear(kept('operations'));
  await clear(kept('houses'));
}
