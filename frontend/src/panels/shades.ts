/** Colours of houses by how much of a number each holds: quarters of the greatest part, the strongest last. */

const COLORS = ['#f6cf9f', '#ee9f5c', '#dc6a34', '#a83220'];

export interface Shade {
  color: string;
  /** The least and the greatest part that has this colour. */
  least: number;
  most: number;
}

/** The shades that occur; one where all parts are equal. */
export function shadesOf(counts: readonly number[]): Shade[] {
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const steps = Math.min(COLORS.length, new Set(counts).size);
  const shades: Shade[] = [];
  for (let step = 1; step <= steps; step += 1) {
    const least = (shades[shades.length - 1]?.most ?? 0) + 1;
    const to = Math.round((most * step) / steps);
    const color = COLORS[COLORS.length - steps + step - 1];
    if (to >= least && color) shades.push({ color, least, most: to });
  }
  return shades;
}
