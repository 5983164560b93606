/** Choosing what stays of records that may be one person. */
import type { Double, DoublePerson, Merge } from '../api';

/** The record to keep unless another is chosen: one with a number, then a verified one, then the one of the first home. */
export function proposed(people: DoublePerson[]): string {
  const rank = (one: DoublePerson) => [
    one.id_number ? 0 : 1,
    one.verify_state === '1' ? 0 : 1,
    String(one.homes.map((home) => home.moved_in ?? '9').sort()[0] ?? '9'),
    one.id,
  ];
  const less = (a: (string | number)[], b: (string | number)[]) => {
    for (const [at, value] of a.entries()) {
      const other = b[at] as typeof value;
      if (value !== other) return value < other ? -1 : 1;
    }
    return 0;
  };
  return [...people].sort((a, b) => less(rank(a), rank(b)))[0]?.id ?? '';
}

/** Whose value a field shows at first: that of the record to keep, or of the first that has one. */
export const giver = (people: DoublePerson[], keep: string, field: string): string =>
  [...people].sort((a, b) => Number(b.id === keep) - Number(a.id === keep)).find((one) => !empty(one[field]))
    ?.id ?? keep;

const empty = (value: unknown) => value === null || value === undefined || value === '';

/** The request: values are named by the record that they come from, so that masked ones can be chosen too. */
export function merging(double: Double, keep: string, chosen: Record<string, string>): Merge {
  const take = Object.fromEntries(
    double.differs
      .map((field) => [field, chosen[field] ?? giver(double.people, keep, field)] as const)
      .filter(([, of]) => of !== keep),
  );
  return {
    keep,
    merge: double.people.map((one) => one.id).filter((id) => id !== keep),
    versions: Object.fromEntries(double.people.map((one) => [one.id, one.version])),
    take,
  };
}
