/** How much there is where: grids put into classes of a figure, each with its colour. */
import type { CasesAsked } from '../api';

/** The fields that periods go by, by the name that the panel asks with. */
const DATES: Record<string, string> = {
  found: 'found_on',
  filed: 'filed_on',
  demolished: 'demolished_on',
  closed: 'closed_on',
};

/** What the panel asks for as a CQL2 filter, so that the map shows the cases that the panel counts. */
export function filterOf({ date, from, to, kind, source, is_new }: CasesAsked): string {
  const day = DATES[date ?? ''] ?? 'found_on';
  const equal = Object.entries({ kind, source }).flatMap(([field, value]) =>
    value ? [`${field} = '${value.replaceAll("'", "''")}'`] : [],
  );
  return [
    ...(from ? [`${day} >= DATE('${from}')`] : []),
    ...(to ? [`${day} <= DATE('${to}')`] : []),
    ...equal,
    ...(is_new ? [`is_new = ${is_new.toUpperCase()}`] : []),
  ].join(' AND ');
}

/** From little to much: a sequence of reds that also tells by lightness alone (ColorBrewer, Reds). */
export const REDS = ['#fee5d9', '#fcae91', '#fb6a4a', '#de2d26', '#a50f15'] as const;

export interface DensityClass {
  color: string;
  /** The least and the greatest figure in it. */
  from: number;
  to: number;
  /** All of its figures together. */
  sum: number;
  ids: string[];
}

/**
 * Classes of about as many grids each (quantiles), from the least figure to the greatest; like figures share a
 * class. Grids of nothing are in none.
 */
export function densityClasses(figures: Map<string, number>): DensityClass[] {
  const sorted = [...figures].filter(([, value]) => value > 0).sort((a, b) => a[1] - b[1]);
  const classes: DensityClass[] = [];
  sorted.forEach(([id, value], at) => {
    const last = classes.at(-1);
    const color = REDS[Math.floor((at * REDS.length) / sorted.length)] as string;
    if (last && (last.color === color || last.to === value)) {
      last.to = value;
      last.sum += value;
      last.ids.push(id);
    } else {
      classes.push({ color, from: value, to: value, sum: value, ids: [id] });
    }
  });
  return classes;
}
