/** The steps of an outline as the drawing table changes them. */
import type { LonLat } from '../api';
import type { Ground, Step } from '../api/renewal';
import { crossing } from '../editing/geometry/crossing';
import { outlineOf } from '../editing/geometry/outline';

/** Less than this, in square degrees, is a line that was gone along twice: about a square metre. */
const LEAST = 1e-10;

/** Whether a closed ring is around some ground and crosses itself nowhere: what an area may be of. */
export function encloses(ring: LonLat[]): boolean {
  let doubled = 0;
  for (let at = 0; at + 1 < ring.length; at += 1) {
    const [[ax, ay], [bx, by]] = [ring[at] as LonLat, ring[at + 1] as LonLat];
    doubled += ax * by - bx * ay;
  }
  const outline = outlineOf({ type: 'Polygon', coordinates: [ring] });
  return Math.abs(doubled) / 2 > LEAST && outline !== null && crossing(outline) === null;
}

/** The layer that units are composed of. */
export const GRID = 'grid';

/** Whether ground goes in or comes out. */
export type Sign = 'add' | 'remove';

const gridsOf = (step: Step | undefined): string[] | null => {
  if (!step || !('add' in step) || !('layer' in step.add) || step.add.layer !== GRID) return null;
  return step.add.ids ?? null;
};

const adding = (ids: string[]): Step => ({ add: { layer: GRID, ids } });

/**
 * The steps after a grid was clicked: one that is in goes out, another comes in.
 * While nothing but grids was chosen they stay one step, so that a click and a second one leave no trace.
 */
export function toggled(steps: Step[], id: string, inside: boolean): Step[] {
  const last = gridsOf(steps.at(-1));
  const before = steps.slice(0, -1);
  if (last) {
    if (last.includes(id)) {
      const rest = last.filter((own) => own !== id);
      return rest.length > 0 ? [...before, adding(rest)] : before;
    }
    if (!inside) return [...before, adding([...last, id].sort())];
  }
  return [...steps, inside ? { remove: { layer: GRID, ids: [id] } } : adding([id])];
}

/** The steps with further ground; grids join the step before where that only added grids. */
export function joined(steps: Step[], sign: Sign, ground: Ground): Step[] {
  const last = gridsOf(steps.at(-1));
  const more = sign === 'add' ? gridsOf({ add: ground }) : null;
  if (last && more) return [...steps.slice(0, -1), adding([...new Set([...last, ...more])].sort())];
  return [...steps, sign === 'add' ? { add: ground } : { remove: ground }];
}
