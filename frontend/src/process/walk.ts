/** Which fixes of somebody who walks around a building are its corners. */
import type { LonLat } from '../api';
import { distance } from '../map/geodesy';

/** A fix that is worse than this, in metres, is none. */
export const WORST_M = 15;
/** Whoever has gone less far, in metres, stands still: the rest is noise. */
const STEP_M = 2;

export interface Fix {
  at: LonLat;
  accuracy: number;
}

/** The corners with one more fix: as they were where it is too uncertain or too near the last. */
export function walked(corners: LonLat[], { at, accuracy }: Fix): LonLat[] {
  const last = corners.at(-1);
  if (accuracy > WORST_M || (last && distance(last, at) < STEP_M)) return corners;
  return [...corners, at];
}
