/** One request that is to reach the server, now or when the network is back. */
export interface Operation {
  /** Idempotency key: sent twice, it counts once. Keys sort by time, so they are the queue's order too. */
  key: string;
  /** What belongs together: after a refusal the later ones of the group wait for the reader. */
  group: string;
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** Besides the idempotency key. */
  headers: Record<string, string>;
  /** JSON text, or a file as it is. */
  body: string | ArrayBuffer;
  /** What the reader knows it by. */
  title: string;
  /** Milliseconds since 1970: when it was done, not when it was sent. */
  at: number;
  /** The server's refusal, when it has given one. */
  refused?: { status: number; detail: string };
}

/** What becomes of an operation by an answer's status; 0 stands for no answer. */
export type Outcome = 'done' | 'later' | 'sign_in' | 'refused';

export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'done';
  if (status === 401) return 'sign_in';
  // Too many requests, a full disk, a server that restarts: none of them is the operation's fault.
  if (status === 0 || status === 408 || status === 429 || status >= 500) return 'later';
  return 'refused';
}

/** The next operation to send: the oldest whose group has met no refusal. */
export function next(queue: readonly Operation[]): Operation | undefined {
  const held = new Set(queue.filter((it) => it.refused).map((it) => it.group));
  return queue.find((it) => !held.has(it.group));
}
