/** What an outline holds, as rows of a list: the same for the table, for a preview and for a comparison. */
import type { Counts, Indicator, Outline } from '../api/renewal';
import { areaText, moneyText, number } from '../language/format';
import type { Texts } from '../language/zh';

type Write = (value: number) => string;

/** What is counted on some ground: an outline's, or a place's. */
export interface Held {
  figures?: Pick<NonNullable<Outline['figures']>, 'area_m2'> & Partial<Counts>;
  indicators: Indicator[];
}

/** One figure. */
export interface Row {
  key: string;
  label: string;
  value: number | null;
  /** The value in words, with its unit. */
  text: string;
  /** A value of the same kind in words. */
  write: Write;
  /** The formula and its source, where it is an indicator. */
  note?: string;
}

/** Figures of an outline in the order in which they are read. */
export function rowsOf(outline: Held | null, t: Texts, pick: (text: Indicator['title']) => string): Row[] {
  const words = t.renewal;
  const figures = outline?.figures;
  const rows: Row[] = [];
  const row = (key: string, label: string, value: number | undefined | null, write: Write, note?: string) => {
    const known = value === undefined ? null : value;
    rows.push({
      key,
      label,
      value: known,
      text: known === null ? words.unknown : write(known),
      write,
      ...(note ? { note } : {}),
    });
  };
  const area: Write = (value) => areaText(value, t);
  const count =
    (unit: string): Write =>
    (value) =>
      `${number(value)} ${unit}`;
  const { person, households, house, case: cases, contract } = t.statistics;
  row('area', words.area, figures?.area_m2, area);
  row('people', words.people, figures?.people?.total, count(person));
  row('households', words.households, figures?.households, count(households));
  row('buildings', words.buildings, figures?.buildings?.count, count(house));
  row('rentals', words.rentals, figures?.buildings?.rental, count(house));
  row('floor_area', words.floorArea, figures?.buildings?.floor_area_m2, area);
  row('footprint', words.footprint, figures?.buildings?.footprint_m2, area);
  row('cases', words.cases, figures?.violations?.count, count(cases));
  row('case_area', words.caseArea, figures?.violations?.area_m2, area);
  row('contracts', words.contracts, figures?.contracts?.count, count(contract));
  row('amount', words.amount, figures?.contracts?.amount_fen, (fen) => moneyText(fen, t));
  for (const own of outline?.indicators ?? []) {
    row(
      `indicator:${own.code}`,
      pick(own.title),
      own.value,
      (value) => `${number(value, own.decimals)}${own.unit ? ` ${own.unit}` : ''}`,
      words.formula(own.formula, own.source),
    );
  }
  return rows;
}

/** The difference of a figure from another of the same kind, with its sign; empty where there is none. */
export function differenceText(from: Row, to: Row | undefined): string {
  if (from.value === null || to === undefined || to.value === null) return '';
  const by = to.value - from.value;
  const text = from.write(Math.abs(by));
  return text === from.write(0) ? '' : `${by > 0 ? '+' : '−'}${text}`;
}
