import { describe, expect, it } from 'vitest';
import { effectScope, ref, shallowRef } from 'vue';
import { ApiError } from './client';
import { useNewest } from './newest';

/** A question that is answered, or fails, when the test says so; as one that does not heed its signal. */
function slow<T>() {
  let answer: (value: T) => void = () => {};
  let fail: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  let signal: AbortSignal | undefined;
  const question = (own: AbortSignal) => {
    signal = own;
    return promise;
  };
  return { question, answer, fail, signal: () => signal };
}

/** What asks, and how it is taken off the page. */
function asker() {
  const scope = effectScope();
  const { status, error, busy, ask, giveUp } = scope.run(useNewest) as ReturnType<typeof useNewest>;
  return { status, error, busy, ask, giveUp, unmount: () => scope.stop() };
}
const offline = () => new ApiError('offline', 0, '');

describe('only the newest question counts', () => {
  it('takes an answer into its ref and says how it stands', async () => {
    const { ask, status, busy } = asker();
    const shown = ref('');
    const one = slow<string>();
    const came = ask(one.question, shown);
    expect([status.value, busy.value]).toEqual(['loading', true]);
    one.answer('2023');
    expect(await came).toBe('taken');
    expect([shown.value, status.value, busy.value]).toEqual(['2023', 'ready', false]);
  });

  it('never takes the answer of an earlier one, whichever comes last', async () => {
    for (const order of ['earlier last', 'newer last']) {
      const { ask, status } = asker();
      const shown = ref('');
      const [earlier, newer] = [slow<string>(), slow<string>()];
      const came = [ask(earlier.question, shown), ask(newer.question, shown)];
      expect(earlier.signal()?.aborted).toBe(true);
      if (order === 'earlier last') {
        newer.answer('newer');
        await came[1];
        earlier.answer('earlier');
      } else {
        earlier.answer('earlier');
        await came[0];
        expect([shown.value, status.value]).toEqual(['', 'loading']);
        newer.answer('newer');
      }
      expect(await Promise.all(came)).toEqual(['dropped', 'taken']);
      expect([shown.value, status.value]).toEqual(['newer', 'ready']);
    }
  });

  it('does not show what an earlier one failed by, and shows what the newest failed by', async () => {
    const { ask, status, error, busy } = asker();
    const shown = ref('');
    const [earlier, newer] = [slow<string>(), slow<string>()];
    const came = [ask(earlier.question, shown), ask(newer.question, shown)];
    earlier.fail(new ApiError('server', 500, ''));
    expect(await came[0]).toBe('dropped');
    expect([status.value, error.value, busy.value]).toEqual(['loading', null, true]);
    const reason = offline();
    newer.fail(reason);
    expect(await came[1]).toBe('failed');
    expect([status.value, error.value, busy.value]).toEqual(['failed', reason, false]);
    void ask(slow<string>().question, shown);
    expect(error.value).toBeNull();
  });

  it('brings nothing once it was given up, or what asked is off the page', async () => {
    for (const end of ['giveUp', 'unmount'] as const) {
      const own = asker();
      const shown = ref('');
      const [answered, failing] = [slow<string>(), slow<string>()];
      const came = own.ask(answered.question, shown);
      own[end]();
      expect([own.status.value, answered.signal()?.aborted]).toEqual(['idle', true]);
      answered.answer('too late');
      expect(await came).toBe('dropped');
      expect([shown.value, own.status.value]).toEqual(['', 'idle']);
      const next = own.ask(failing.question, shown);
      // Nobody is left to ask once it is off the page; what was only given up can be asked anew.
      expect(failing.signal() === undefined).toBe(end === 'unmount');
      if (end === 'unmount') continue;
      own.giveUp();
      failing.fail(offline());
      expect(await next).toBe('dropped');
      expect([own.status.value, own.error.value]).toEqual(['idle', null]);
    }
  });

  it('lets what stands there stand while it is asked quietly, and where nobody can be asked', async () => {
    const { ask, status, error } = asker();
    const shown = shallowRef<string | null>(null);
    await ask(() => Promise.resolve('first'), shown);
    const again = slow<string>();
    const came = ask(again.question, shown, true);
    expect([shown.value, status.value]).toEqual(['first', 'ready']);
    again.fail(offline());
    expect(await came).toBe('dropped');
    expect([shown.value, status.value, error.value]).toEqual(['first', 'ready', null]);
    expect(await ask(() => Promise.reject(new ApiError('not_found', 404, '')), shown, true)).toBe('failed');
    expect(status.value).toBe('failed');
  });

  it('is never left loading by a quiet question that takes the place of a loud one', async () => {
    const { ask, status } = asker();
    const shown = ref('');
    void ask(slow<string>().question, shown);
    expect(await ask(() => Promise.reject(offline()), shown, true)).toBe('failed');
    expect(status.value).toBe('failed');
  });

  it('goes on with what is asked while an answer is taken', async () => {
    const { ask, status } = asker();
    const shown = ref('');
    const next = slow<string>();
    await ask(
      () => Promise.resolve('first'),
      () => void ask(next.question, shown),
    );
    expect(status.value).toBe('loading');
    next.answer('second');
    await expect.poll(() => shown.value).toBe('second');
    expect(status.value).toBe('ready');
  });
});
