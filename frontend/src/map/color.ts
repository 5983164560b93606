/** Colours of codes that the catalog gives none, and shades of those that it does. */

// Twelve hues told apart on paper and by most colour-blind readers, none close to the selection's orange.
const PALETTE = [
  '#4e79a7',
  '#86bcb6',
  '#59a14f',
  '#b07aa1',
  '#c9a227',
  '#9c755f',
  '#d37295',
  '#499894',
  '#8cd17d',
  '#7b6fae',
  '#a0845c',
  '#79706e',
];

/** A colour for the n-th code of a list. */
export function paletteColor(index: number): string {
  return PALETTE[index % PALETTE.length] as string;
}

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

/** The colour of a layer's labels: the darker of its colours, darkened until it reads on paper. */
export function inkOf(color: string, outline: string | undefined): string {
  let ink = outline && lightness(outline) < lightness(color) ? outline : color;
  for (let round = 0; round < 8 && lightness(ink) > 0.3; round++) ink = darken(ink, 0.2);
  return darken(ink, 0.15);
}

/** The colour of words on a ground of a colour: ink on what is light, white on what is dark. */
export function wordsOn(color: string): string {
  return lightness(color) > 0.55 ? '#1c2733' : '#ffffff';
}
