/** How much there is where, without borders: cases put into hexagons of one size. */
import type { CaseRow, LonLat } from '../api';
import { degreeAt } from '../map/geodesy';

export interface Hexagon {
  /** The cell, as `column:row`. */
  id: string;
  ring: LonLat[];
  /** Cases in it. */
  cases: number;
  /** The figure that is shown, of all of them. */
  value: number;
}

/**
 * The cells that some cases lie in, with pointed tops, `side` metres from the middle to a corner. Every case with a
 * place is in exactly one, so the cells add up to all of them.
 */
export function hexagons(rows: { place: LonLat; value: number }[], side: number): Hexagon[] {
  const [first] = rows;
  if (!first) return [];
  const { east, north } = degreeAt(first.place[1]);
  const cells = new Map<string, Hexagon>();
  for (const { place, value } of rows) {
    const [q, r] = cellOf((place[0] * east) / side, (place[1] * north) / side);
    const id = `${q}:${r}`;
    let cell = cells.get(id);
    if (!cell) {
      const [x, y] = [Math.sqrt(3) * (q + r / 2), 1.5 * r];
      const corner = (at: number): LonLat => {
        const angle = (Math.PI / 3) * at + Math.PI / 6;
        return [((x + Math.cos(angle)) * side) / east, ((y + Math.sin(angle)) * side) / north];
      };
      cell = { id, ring: [0, 1, 2, 3, 4, 5, 0].map(corner), cases: 0, value: 0 };
      cells.set(id, cell);
    }
    cell.cases += 1;
    cell.value += value;
  }
  return [...cells.values()];
}

/** The axial cell of a place in units of the side; rounded so that the three coordinates add up to nothing. */
function cellOf(x: number, y: number): [number, number] {
  const q = (Math.sqrt(3) / 3) * x - y / 3;
  const r = (2 / 3) * y;
  const s = -q - r;
  let [rq, rr] = [Math.round(q), Math.round(r)];
  const rs = Math.round(s);
  const [dq, dr, ds] = [Math.abs(rq - q), Math.abs(rr - r), Math.abs(rs - s)];
  if (dq > dr && dq > ds) rq = -rr - rs;
  else if (dr > ds) rr = -rq - rs;
  return [rq + 0, rr + 0];
}

/** Cases with a place, and the figure of each; those without one are told apart. */
export function placed(rows: CaseRow[], figure: keyof CaseRow) {
  const with_ = rows.flatMap((row) => {
    const value = Number(row[figure] ?? 0);
    return row.place ? [{ place: row.place as LonLat, value }] : [];
  });
  const nowhere = rows.reduce((sum, row) => sum + (row.place ? 0 : Number(row[figure] ?? 0)), 0);
  return { rows: with_, nowhere };
}
