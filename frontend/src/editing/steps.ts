/** Steps that can be undone and done again. Kept states are never changed, so keeping one is free. */
const MOST = 200;

export interface Steps<T> {
  readonly before: readonly T[];
  readonly now: T;
  readonly after: readonly T[];
}

export const begin = <T>(now: T): Steps<T> => ({ before: [], now, after: [] });

/** A new state; what was undone is forgotten. */
export function step<T>(steps: Steps<T>, now: T): Steps<T> {
  if (now === steps.now) return steps;
  return { before: [...steps.before, steps.now].slice(-MOST), now, after: [] };
}

export function undo<T>(steps: Steps<T>): Steps<T> {
  const now = steps.before[steps.before.length - 1];
  if (now === undefined) return steps;
  return { before: steps.before.slice(0, -1), now, after: [steps.now, ...steps.after] };
}

export function redo<T>(steps: Steps<T>): Steps<T> {
  const [now, ...after] = steps.after;
  if (now === undefined) return steps;
  return { before: [...steps.before, steps.now], now, after };
}
