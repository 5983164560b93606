/** Rows that were refused, gathered by what is wrong with them: a plan of 4,000 plots lacks one thing 4,000 times. */
import type { ImportReport } from '../api';

type Refusal = ImportReport['refusals'][number];

export interface Fault {
  file: string;
  field: string;
  reason: string;
  rows: number[];
}

/** Faults in the order in which they first come, each with its rows. */
export function faultsOf(refusals: Refusal[]): Fault[] {
  const faults = new Map<string, Fault>();
  for (const { file, row, field = '', reason } of refusals) {
    const key = [file, field, reason].join('\n');
    const known = faults.get(key);
    if (known) known.rows.push(row);
    else faults.set(key, { file, field, reason, rows: [row] });
  }
  return [...faults.values()];
}

/** A text of the server with its fields as the page calls them: `图层（class_code）` is `图层（用地代码）`. */
export function inWords(text: string, labelOf: (field: string) => string | undefined): string {
  const named = text.replace(/（([a-z][a-z0-9_]*)）/g, (whole, name: string, at: number) => {
    const label = labelOf(name);
    if (!label) return whole;
    // The server says some fields by both their names.
    return text.slice(0, at).endsWith(label) ? '' : `（${label}）`;
  });
  return labelOf(named) ?? named;
}
