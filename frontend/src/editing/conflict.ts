/** Two edits of one feature, held against what both began from. */
import type { Geometry } from 'geojson';
import type { Item, Layer, Properties } from '../api';
import { isEmpty } from '../inspector/values';
import { geometryOf, onLattice, outlineOf } from './geometry/outline';

export type Side = 'mine' | 'theirs';

/** One field, or the shape (`geometry`), that somebody changed. */
export interface Difference {
  field: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Who changed it. */
  by: Side | 'both';
}

const plain = (value: unknown) => (isEmpty(value) ? null : value);

/** A shape as the server keeps it, so that equal shapes are equal texts. */
function shape(geometry: Geometry | null): string {
  const outline = outlineOf(geometry);
  if (!outline) return JSON.stringify(geometry ?? null);
  const parts = outline.parts.map((rings) => rings.map((ring) => ring.map(onLattice)));
  return JSON.stringify(geometryOf({ kind: outline.kind, parts }));
}

function told(field: string, base: unknown, mine: unknown, theirs: unknown, text: (v: unknown) => string) {
  const [b, m, t] = [text(base), text(mine), text(theirs)];
  if (m === t || (b === m && b === t)) return [];
  const by = b === m ? 'theirs' : b === t ? 'mine' : 'both';
  return [{ field, base, mine, theirs, by } as Difference];
}

/** What has to be decided, or can be taken over without asking; equal changes of both are no difference. */
export function differences(layer: Layer, base: Item, mine: Item, theirs: Item): Difference[] {
  const shapes = told('geometry', base.geometry, mine.geometry, theirs.geometry, (value) =>
    shape(value as Geometry | null),
  );
  const fields = layer.fields.flatMap(({ name }) =>
    told(name, base.properties[name], mine.properties[name], theirs.properties[name], (value) =>
      JSON.stringify(plain(value)),
    ),
  );
  return [...shapes, ...fields];
}

/** Whose value stands at first: of whoever changed it alone; open where both did. */
export function firstChoice(difference: Difference): Side | null {
  return difference.by === 'both' ? null : difference.by;
}

/** The feature that the choices make: theirs, with mine where mine was chosen. */
export function resolved(
  theirs: Item,
  all: Difference[],
  choices: Record<string, Side | null>,
): { properties: Properties; geometry: Geometry | null } {
  const properties = { ...theirs.properties };
  let geometry = theirs.geometry;
  for (const { field, mine } of all) {
    if (choices[field] !== 'mine') continue;
    if (field === 'geometry') geometry = mine as Geometry | null;
    else properties[field] = mine;
  }
  return { properties, geometry };
}
