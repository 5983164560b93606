import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { useAccess } from './access';
import { type Draft, forget, keep, recall } from './drafts';
import type { Outline } from './geometry/outline';
import { isDirty, MAIN, type Session, type State } from './session';

/** Milliseconds of rest after which an edit is kept. */
const REST = 400;

/** The draft of an edit: kept while it is edited, found again after a reload. */
export const useDrafting = defineStore('drafting', () => {
  const access = useAccess();
  const found = shallowRef<Draft | null>(null);
  /** Whether the browser keeps drafts; null until it was tried. */
  const kept = ref<boolean | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks for what was left unfinished. */
  async function look(): Promise<void> {
    found.value = await recall(access.user);
  }

  /** Keeps an edit once it rests. */
  function note(session: Session | null, state: State | null): void {
    clearTimeout(timer);
    if (!session || !state || !isDirty(session, state)) return;
    timer = setTimeout(async () => {
      kept.value = await keep(access.user, draftOf(session, state));
    }, REST);
  }

  /** Forgets the draft: it was written, or given up. */
  async function drop(): Promise<void> {
    clearTimeout(timer);
    found.value = null;
    await forget(access.user);
  }

  return { found, kept, look, note, drop };
});

function draftOf({ layer, held, others }: Session, state: State): Draft {
  return plain({
    layer: layer.id,
    id: held?.id ?? null,
    version: held?.version ?? null,
    base: held?.base ?? null,
    outline: state.outlines.get(MAIN) ?? null,
    values: state.values,
    others: [...others.values()].map((other) => ({
      ...other,
      outline: state.outlines.get(other.id) as Outline,
    })),
    at: Date.now(),
  });
}

/** Free of proxies, as structured clone wants it. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
