/**
 * A Chinese face for screens that have none. MapLibre draws labels from whole families and
 * does not wait for the parts (unicode ranges) of a web font, so where no Chinese family is
 * installed all parts of the shipped one are brought before the map starts.
 */
import '@fontsource-variable/noto-sans-sc';
import type { LayerSpecification } from 'maplibre-gl';

/** The family that is shipped with the page. */
const SHIPPED_FONT = 'Noto Sans SC Variable';

/** Families of desktops, real names: MapLibre takes the generic `sans-serif` for a name. */
const LOCAL_FONTS = ['Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei'];

/** The bold faces of numbers that the page itself puts on the map. */
const BOLD_FONTS = ['Microsoft YaHei Bold', 'Noto Sans CJK SC Bold', SHIPPED_FONT];

/** Whether the screen has a Chinese family of its own. */
let local = false;

async function hasLocalFont(): Promise<boolean> {
  const source = LOCAL_FONTS.map((family) => `local("${family}")`).join(', ');
  return new FontFace('probe', source).load().then(
    () => true,
    () => false,
  );
}

/** Resolves when Chinese can be written on the map; with `false` if it can't be. */
export async function chineseFontReady(): Promise<boolean> {
  local = await hasLocalFont();
  if (local) return true;
  const parts = [...document.fonts].filter((face) => face.family.replaceAll('"', '') === SHIPPED_FONT);
  const loaded = await Promise.allSettled(parts.map((face) => face.load()));
  return loaded.every((part) => part.status === 'fulfilled');
}

/** The families to write with. The shipped one is fetched wherever it is named: only where it is needed. */
const needed = (families: string[]) => families.filter((family) => !local || family !== SHIPPED_FONT);

/** The bold faces to write numbers with. */
export const boldFonts = () => needed(BOLD_FONTS);

/** A style layer that names only the families that this screen needs. */
export function withFonts(spec: LayerSpecification): LayerSpecification {
  const fonts = spec.type === 'symbol' ? spec.layout?.['text-font'] : undefined;
  if (spec.type !== 'symbol' || !Array.isArray(fonts)) return spec;
  return { ...spec, layout: { ...spec.layout, 'text-font': needed(fonts as string[]) } };
}
