/** What an office rules otherwise than the program: its books, and their versions. */
import { request } from './client';
import type { Text } from './types';

export type RuleKind = 'integer' | 'decimal' | 'boolean' | 'text' | 'texts' | 'integers';

/** A value of a book. */
export type RuleValue = string | number | boolean | string[] | number[] | null | undefined;

/** One figure of a book: where it stands, what it is called and may be. */
export interface RuleFigure {
  /** Names that lead to it; `*` for each entry of a list. */
  path: string[];
  label: Text;
  kind: RuleKind;
  range?: [number, number];
  choices?: string;
  optional: boolean;
}

/** A version that the office wrote. */
export interface RuleVersion {
  version: string;
  author: string;
  reason: string;
  changes: string;
  at: string;
}

/** One book. */
export interface RuleBook {
  id: string;
  title: Text;
  note: Text;
  at_start: boolean;
  sections: { id: string; title: Text }[];
  fields: RuleFigure[];
  /** The version in force, the latest that was written, and the program's own. */
  version: string;
  latest: string;
  own_version: string;
  values: Record<string, unknown>;
  choices: Record<string, { code: string; title: Text }[]>;
  past: RuleVersion[];
}

export const rules = () => request<{ books: RuleBook[] }>('rules');

/** Another version of a book: its values, or those of a version of before. */
export const changeRules = (
  book: string,
  change: { version: string; reason: string; values?: unknown; back_to?: string },
) =>
  request<{ version: string; changes: string; at_start: boolean }>(`rules/${encodeURIComponent(book)}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
