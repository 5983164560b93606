/** Shades of the catalog's colours. */

/** A colour darkened by a share between 0 and 1; what is no `#rrggbb` stays as it is. */
export function darken(color: string, share: number): string {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (!match) return color;
  const channels = match.slice(1).map((hex) => Math.round(Number.parseInt(hex, 16) * (1 - share)));
  return `#${channels.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Perceived lightness of a `#rrggbb`, 0 black to 1 white. */
function lightness(color: string): number {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (!match) return 0.5;
  const [r, g, b] = match.slice(1).map((hex) => Number.parseInt(hex, 16) / 255) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The colour of words on a ground of a colour: ink on what is light, white on what is dark. */
export function wordsOn(color: string): string {
  return lightness(color) > 0.55 ? '#1c2733' : '#ffffff';
}
