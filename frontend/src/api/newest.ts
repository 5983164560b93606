import { computed, onScopeDispose, type Ref, ref, shallowRef } from 'vue';
import { ApiError } from './client';

/** How it stands with what was asked last. */
export type Asked = 'idle' | 'loading' | 'ready' | 'failed';

/**
 * What came of a question: its answer was taken, it failed and that is shown, or it was dropped: a newer one took
 * its place, or what stands there stands.
 */
export type Came = 'taken' | 'failed' | 'dropped';

/**
 * Questions to the server of which only the newest counts. What an earlier one answers, or fails by, is never
 * seen, however late it comes; nor is anything once the component or store that asked is gone.
 *
 * For reading alone: who writes must learn what came of it.
 */
export function useNewest() {
  const status = ref<Asked>('idle');
  const error = shallowRef<unknown>(null);
  let newest: AbortController | null = null;
  let over = false;

  /**
   * Asks, and hands the answer to `take`: a function, or the ref that it goes into. Asked `quiet`, an answer
   * that stands there stands until the next one, also where the server cannot be asked; unless it is gone.
   */
  async function ask<Answer extends Value, Value = unknown>(
    question: (signal: AbortSignal) => Promise<Answer>,
    take: Ref<Value> | ((answer: Answer) => void),
    quiet = false,
  ): Promise<Came> {
    if (over) return 'dropped';
    newest?.abort();
    const own = new AbortController();
    newest = own;
    const stands = quiet && status.value === 'ready';
    if (!stands) {
      status.value = 'loading';
      error.value = null;
    }
    try {
      const answer = await question(own.signal);
      if (own.signal.aborted) return 'dropped';
      // Before it is taken: what takes it may ask the next question.
      status.value = 'ready';
      if (typeof take === 'function') take(answer);
      else take.value = answer;
      return 'taken';
    } catch (reason) {
      const gone = reason instanceof ApiError && reason.kind === 'not_found';
      if (own.signal.aborted || (stands && !gone)) return 'dropped';
      status.value = 'failed';
      error.value = reason;
      return 'failed';
    }
  }

  /** Gives up the question under way, and what the last one failed by. */
  function giveUp(): void {
    newest?.abort();
    status.value = 'idle';
    error.value = null;
  }
  onScopeDispose(() => {
    over = true;
    giveUp();
  });

  return { status, error, busy: computed(() => status.value === 'loading'), ask, giveUp };
}
