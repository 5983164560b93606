import { defineStore } from 'pinia';
import { ref } from 'vue';
import { address } from '../api';
import { type Change, Stream } from './stream';

/** Milliseconds that changes are gathered, so that an import of a thousand rows asks once. */
const GATHER = 120;

/** What changed since a listener was last told. */
export interface Changed {
  /** Touched features by layer; null where they are too many to name. */
  layers: Map<string, Set<string> | null>;
  /** Anything may have changed. */
  everything: boolean;
  /** Who changed something last, where that is known. */
  author: string | null;
}

/**
 * What changes on the server while the page is open. The map is told at once; lists and panels are told a
 * moment later, with all that changed together.
 */
export const useLive = defineStore('live', () => {
  const connected = ref(true);
  const sequence = ref(0);
  let stream: Stream | null = null;
  const listeners = new Set<(changed: Changed) => void>();
  const drawers = new Set<(change: Change | null) => void>();
  let gathered: Changed = { layers: new Map(), everything: false, author: null };
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    const now = gathered;
    gathered = { layers: new Map(), everything: false, author: null };
    timer = undefined;
    for (const listener of listeners) listener(now);
  }

  function gather(): void {
    if (timer === undefined) timer = setTimeout(tell, GATHER);
  }

  /** Follows the changes after a sequence number; a stream that runs goes on. */
  function follow(since: number): void {
    if (stream || typeof EventSource === 'undefined') return;
    sequence.value = since;
    stream = new Stream(
      since,
      {
        change(change) {
          sequence.value = Math.max(sequence.value, change.sequence);
          for (const draw of drawers) draw(change);
          const before = gathered.layers.get(change.layer);
          const known = before !== null && change.ids !== null;
          gathered.layers.set(
            change.layer,
            known ? new Set([...(before ?? []), ...(change.ids ?? [])]) : null,
          );
          gathered.author = change.author;
          gather();
        },
        stale(to) {
          sequence.value = Math.max(sequence.value, to);
          for (const draw of drawers) draw(null);
          gathered.everything = true;
          gather();
        },
        connected(on) {
          connected.value = on;
        },
      },
      (from) => new EventSource(`${address('changes')}?since=${from}`),
    );
  }

  /** Ends the stream; `follow` begins another, as for another reader. */
  function stop(): void {
    stream?.close();
    stream = null;
  }

  /** Is told of changes, those of a moment together. Returns how to stop. */
  function onChanged(listener: (changed: Changed) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Is told of each change at once, or of null when anything may have changed. */
  function onEach(draw: (change: Change | null) => void): () => void {
    drawers.add(draw);
    return () => drawers.delete(draw);
  }

  return { connected, sequence, follow, stop, retry: () => stream?.retry(), onChanged, onEach };
});

/** Whether a layer, or one feature of it, is among what changed. */
export function touches(changed: Changed, layer: string, id?: string): boolean {
  if (changed.everything) return true;
  const ids = changed.layers.get(layer);
  if (ids === undefined) return false;
  return id === undefined || ids === null || ids.has(id);
}
