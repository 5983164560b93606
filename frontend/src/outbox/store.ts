import { defineStore } from 'pinia';
import { ulid } from 'ulid';
import { computed, ref, shallowRef, watch } from 'vue';
import * as api from '../api';
import { useSession } from '../session/store';
import { useShell } from '../shell/store';
import * as box from './box';
import { onTopOf } from './conflict';
import { next, type Operation, outcomeOf } from './operation';

export type Draft = Omit<Operation, 'key' | 'at' | 'group' | 'headers'> & {
  headers?: Record<string, string>;
};

/** Work done where there is no network: kept on the device, sent in order when there is one. */
export const useOutbox = defineStore('outbox', () => {
  const session = useSession();
  const shell = useShell();
  const queue = shallowRef<Operation[]>([]);
  const sending = ref(false);
  const open = ref(false);
  /** Whether what waits would survive a closed tab. */
  const kept = ref(true);

  /** Whose work it is; a map without accounts has one nameless user. */
  const user = computed(() => (session.admitted ? (session.session?.user ?? '') : null));
  const refused = computed(() => queue.value.filter((it) => it.refused).length);

  /** Takes up what an earlier visit left. */
  async function load(): Promise<void> {
    if (user.value === null || !box.canKeep()) return;
    try {
      queue.value = await box.recall(user.value);
    } catch {
      kept.value = false;
    }
    void flush();
  }

  async function store(operation: Operation): Promise<void> {
    if (user.value === null || !box.canKeep()) {
      kept.value = false;
      return;
    }
    try {
      await box.keep(user.value, operation);
      kept.value = true;
    } catch {
      kept.value = false;
    }
  }

  async function drop(key: string): Promise<void> {
    queue.value = queue.value.filter((it) => it.key !== key);
    if (user.value !== null && box.canKeep()) await box.forget(user.value, key).catch(() => {});
  }

  /**
   * Queues requests that belong together and sends what can be sent. Gives true when all of
   * them have reached the server, false when they wait; throws the server's refusal, and
   * keeps nothing of a group that was refused while the reader looks at its form.
   */
  async function put(drafts: Draft[]): Promise<boolean> {
    const group = ulid();
    const made = drafts.map((draft) => ({
      headers: {},
      ...draft,
      group,
      key: ulid(),
      at: Date.now(),
    }));
    // Keys of one millisecond must sort as they were given.
    for (const [at, operation] of made.entries()) operation.key = `${group}-${String(at).padStart(3, '0')}`;
    for (const operation of made) await store(operation);
    queue.value = [...queue.value, ...made];
    await flush();
    const left = queue.value.filter((it) => it.group === group);
    const refusal = left.find((it) => it.refused)?.refused;
    if (refusal && left.length === made.length) {
      for (const operation of left) await drop(operation.key);
      throw new api.ApiError(api.failureOf(refusal.status), refusal.status, refusal.detail);
    }
    return left.length === 0;
  }

  async function attempt(operation: Operation): Promise<{ status: number; detail: string }> {
    try {
      const answer = await api.send(operation.path, {
        method: operation.method,
        // What was tried before it was queued has the key of that try.
        headers: { 'idempotency-key': operation.key, ...operation.headers },
        body: operation.body,
      });
      return { status: answer.status, detail: '' };
    } catch (error) {
      if (error instanceof api.ApiError) return { status: error.status, detail: error.detail };
      return { status: 0, detail: '' };
    }
  }

  let running: Promise<void> | null = null;
  /** Sends what waits, in order, as far as the network and the server go along. */
  function flush(): Promise<void> {
    running ??= run().finally(() => {
      running = null;
      sending.value = false;
    });
    return running;
  }

  async function run(): Promise<void> {
    if (!session.admitted) return;
    for (let operation = next(queue.value); operation; operation = next(queue.value)) {
      sending.value = true;
      const { status, detail } = await attempt(operation);
      switch (outcomeOf(status)) {
        case 'done':
          await drop(operation.key);
          break;
        case 'refused': {
          const marked = { ...operation, refused: { status, detail } };
          queue.value = queue.value.map((it) => (it.key === marked.key ? marked : it));
          await store(marked);
          break;
        }
        case 'sign_in':
          session.asking = true;
          return;
        case 'later':
          return;
      }
    }
  }

  /** Sends a refused operation and those behind it again. */
  async function again(key: string): Promise<void> {
    const operation = queue.value.find((it) => it.key === key);
    if (!operation) return;
    const { refused: _, ...fresh } = operation;
    queue.value = queue.value.map((it) => (it.key === key ? fresh : it));
    await store(fresh);
    await flush();
  }

  /** Does what was refused on what is there now; where that is gone, says so. */
  async function insist(key: string): Promise<void> {
    const operation = queue.value.find((it) => it.key === key);
    if (!operation) return;
    let fresh: Operation;
    try {
      fresh = await onTopOf(operation);
    } catch (reason) {
      if (!(reason instanceof api.ApiError) || reason.status !== 404) throw reason;
      fresh = { ...operation, refused: { status: 404, detail: reason.detail } };
    }
    queue.value = queue.value.map((it) => (it.key === key ? fresh : it));
    await store(fresh);
    if (fresh.key !== key && user.value !== null && box.canKeep())
      await box.forget(user.value, key).catch(() => {});
    await flush();
  }

  /** Gives up an operation and what belongs to it. */
  async function discard(key: string): Promise<void> {
    const group = queue.value.find((it) => it.key === key)?.group;
    for (const operation of queue.value.filter((it) => it.group === group)) await drop(operation.key);
  }

  watch(
    () => shell.online,
    (online) => {
      if (online) void flush();
    },
  );
  // A server that asked for patience is asked again.
  setInterval(() => {
    if (shell.online && queue.value.length > 0) void flush();
  }, 15_000);

  return { queue, sending, open, kept, refused, load, put, flush, again, insist, discard };
});
