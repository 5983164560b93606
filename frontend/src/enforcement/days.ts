/**
 * Where the past is looked at, as `2026-01-31`: how it was before the first change, and how each day ended on which
 * something changed. Today is no past.
 */
export function stopsOf(changed: readonly string[], today: string): string[] {
  const past = changed.filter((day) => day < today);
  const first = changed[0];
  if (!first) return [];
  const before = new Date(Date.parse(first) - 86_400_000).toISOString().slice(0, 10);
  return [before, ...past];
}
