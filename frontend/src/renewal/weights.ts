/** What weights make of the terms of maturity: as the server reckons, before they are kept. */

/** A term with the weight that it is to have. */
export interface Weighed {
  code: string;
  weight: number;
  used: boolean;
}

/** Each used term's share of the score, 0 to 1. */
export function sharesOf(terms: Weighed[]): Map<string, number> {
  const used = terms.filter((term) => term.used && term.weight > 0);
  const whole = used.reduce((sum, term) => sum + term.weight, 0);
  return new Map(used.map((term) => [term.code, term.weight / whole]));
}

/** The score of a unit, 0 to 100, by the values of its terms; what is not known counts 0. */
export function rescored(values: { code: string; value: number | null }[], terms: Weighed[]): number {
  const known = new Map(values.map((own) => [own.code, own.value ?? 0]));
  let score = 0;
  for (const [code, share] of sharesOf(terms)) score += 100 * share * (known.get(code) ?? 0);
  return score;
}
