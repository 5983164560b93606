/** Where parties and their cases stand in a drawing of who is on many. */
import type { CaseParties } from '../api';

const ROW = 24;

/** Cases one below the other in the order of their parties, each party at the middle of its cases. */
export function partyGraph(rows: CaseParties['rows']) {
  const at = new Map<string, number>();
  const cases: { id: string; code: string; address: string; area: number | null; y: number }[] = [];
  for (const { cases: own } of rows) {
    for (const one of own) {
      if (at.has(one.id)) continue;
      const y = ROW / 2 + cases.length * ROW;
      at.set(one.id, y);
      cases.push({
        id: one.id,
        code: one.code || one.id,
        address: one.address,
        area: one.violation_area_m2,
        y,
      });
    }
  }
  let last = -ROW / 2;
  const parties = rows.map(({ id, name, cases: own }) => {
    const middle = own.reduce((sum, one) => sum + (at.get(one.id) ?? 0), 0) / Math.max(own.length, 1);
    // Two that share their cases do not lie on one another.
    last = Math.max(middle, last + ROW);
    return { id, name, count: own.length, y: last };
  });
  const lines = rows.flatMap(({ id, cases: own }, row) =>
    own.map((one) => ({ party: id, case: one.id, from: parties[row]?.y ?? 0, to: at.get(one.id) ?? 0 })),
  );
  return { parties, cases, lines, height: Math.max(cases.length * ROW, last + ROW / 2, ROW) };
}
