import type { Bounds, Catalog, Session } from '../api';

/** What somebody sees first: the places that they answer for, else everything. */
export function homeOf(catalog: Catalog, session: Session | null): Bounds | undefined {
  const own = new Set((session?.territory ?? []).map(({ layer }) => layer));
  // Of a layer of territories one is told one's own alone.
  const boxes = catalog.layers.flatMap(({ id, bounds }) => (own.has(id) && bounds ? [bounds] : []));
  if (boxes.length === 0) return catalog.project.bounds ?? undefined;
  const ends = (side: number, most: (...all: number[]) => number) =>
    most(...boxes.map((box) => Number(box[side])));
  return [ends(0, Math.min), ends(1, Math.min), ends(2, Math.max), ends(3, Math.max)];
}
