import type { RuleFigure, RuleValue } from '../api/rules';

type Tree = Record<string, unknown> | unknown[];

/** Where a figure stands: with the number of each entry in the place of `*`. */
export interface Place {
  figure: RuleFigure;
  path: string[];
}

/** The value that a path leads to. */
export const at = (values: unknown, path: string[]): RuleValue =>
  path.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | undefined)?.[step],
    values,
  ) as RuleValue;

/** Puts a value where a path leads; tables on the way that are not there are made. */
export function put(values: Tree, path: string[], value: RuleValue): void {
  let here = values as Record<string, unknown>;
  for (const step of path.slice(0, -1)) {
    here[step] ??= {};
    here = here[step] as Record<string, unknown>;
  }
  here[path.at(-1) as string] = value;
}

/** The lists of tables that a book has: where each stands, and the figures of an entry. */
export function lists(fields: RuleFigure[]): { path: string[]; figures: RuleFigure[] }[] {
  const found = new Map<string, { path: string[]; figures: RuleFigure[] }>();
  for (const figure of fields) {
    const star = figure.path.indexOf('*');
    if (star < 0) continue;
    const path = figure.path.slice(0, star);
    const key = path.join('.');
    const own = found.get(key) ?? { path, figures: [] };
    own.figures.push(figure);
    found.set(key, own);
  }
  return [...found.values()];
}

/** How many values differ between two versions of a book. */
export function differing(before: unknown, after: unknown): number {
  const told = (value: unknown) => JSON.stringify(value ?? '');
  const isTree = (value: unknown): value is Tree =>
    typeof value === 'object' &&
    value !== null &&
    (!Array.isArray(value) || value.some((one) => typeof one === 'object'));
  if (!isTree(before) || !isTree(after)) return told(before) === told(after) ? 0 : 1;
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const one = before as Record<string, unknown>;
  const other = after as Record<string, unknown>;
  return [...keys].reduce((sum, key) => sum + differing(one[key], other[key]), 0);
}
