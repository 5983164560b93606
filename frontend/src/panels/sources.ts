/** What several sources say of the people of a village, side by side: none is chosen, each has its date. */
import type { Item } from '../api';

export interface Source {
  name: string;
  value: number;
  unit: string;
  period: string;
  asOf: string;
  source: string;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** Headline figures of people in the indicators, in their order. */
export function sourcesOf(indicators: Item[]): Source[] {
  return indicators
    .map(({ properties }) => ({
      name: text(properties.name),
      value: Number(properties.value),
      unit: text(properties.unit),
      period: text(properties.period),
      asOf: text(properties.as_of),
      source: text(properties.source),
    }))
    .filter(
      (one) =>
        one.unit === '人' &&
        /户籍人口|外来|来穗|常住|居住人员|实有人口/.test(one.name) &&
        Number.isFinite(one.value),
    );
}

/**
 * Sums that a source gives in parts: 户籍 and 外来 of one source and period together, to be set beside a whole
 * of another.
 */
export function sums(sources: Source[]): Source[] {
  const found: Source[] = [];
  for (const own of sources.filter((one) => one.name.includes('户籍'))) {
    const other = sources.find(
      (one) => /外来|来穗/.test(one.name) && one.period === own.period && one.source === own.source,
    );
    if (other) {
      found.push({ ...own, name: `${own.name} + ${other.name}`, value: own.value + other.value });
    }
  }
  return found;
}
