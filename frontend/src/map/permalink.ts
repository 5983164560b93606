/** The place, layers and selection in the address: `#map=z/lat/lon&layers=a,b&sel=layer/id&base=id&lang=en`; or as codes on paper have it, a print: `#sheet=id&at=number`. */
import type { LonLat } from '../api';

export interface View {
  zoom: number;
  center: LonLat;
}

export interface Link {
  view?: View;
  layers?: string[];
  selected?: { layer: string; id: string };
  base?: string;
  language?: 'zh' | 'en';
  /** A sheet on paper, and the number of the last change that it shows. */
  print?: { sheet: string; at: number };
}

/** Reads a link; parts that make no sense are left out rather than guessed. */
export function readLink(hash: string): Link {
  const parts = new Map<string, string>();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const cut = part.indexOf('=');
    if (cut > 0) parts.set(part.slice(0, cut), part.slice(cut + 1));
  }
  const link: Link = {};
  const view = readView(parts.get('map'));
  if (view) link.view = view;
  const layers = parts.get('layers');
  if (layers !== undefined) link.layers = layers.split(',').filter(Boolean).map(decode);
  const selected = parts.get('sel');
  const slash = selected?.indexOf('/') ?? -1;
  if (selected && slash > 0 && slash < selected.length - 1) {
    link.selected = { layer: decode(selected.slice(0, slash)), id: decode(selected.slice(slash + 1)) };
  }
  const base = parts.get('base');
  if (base) link.base = decode(base);
  const [sheet, at] = [parts.get('sheet'), parts.get('at')];
  if (sheet && at && /^\d{1,15}$/.test(at)) link.print = { sheet: decode(sheet), at: Number(at) };
  const language = parts.get('lang');
  if (language === 'zh' || language === 'en') link.language = language;
  return link;
}

/** Writes a link that {@link readLink} reads back. */
export function writeLink(link: Link): string {
  const parts: string[] = [];
  if (link.view) {
    const { zoom, center } = link.view;
    // As many decimals as a pixel of the zoom is worth, as OpenStreetMap does.
    const decimals = Math.max(2, Math.ceil((zoom * Math.LN2 + Math.log(512 / 360 / 0.5)) / Math.LN10));
    parts.push(
      `map=${Number(zoom.toFixed(2))}/${center[1].toFixed(decimals)}/${center[0].toFixed(decimals)}`,
    );
  }
  if (link.layers) parts.push(`layers=${link.layers.map(encodeURIComponent).join(',')}`);
  if (link.selected) {
    parts.push(`sel=${encodeURIComponent(link.selected.layer)}/${encodeURIComponent(link.selected.id)}`);
  }
  if (link.base) parts.push(`base=${encodeURIComponent(link.base)}`);
  if (link.language) parts.push(`lang=${link.language}`);
  return `#${parts.join('&')}`;
}

function readView(text: string | undefined): View | null {
  const numbers = (text ?? '').split('/').map((part) => (part === '' ? Number.NaN : Number(part)));
  const [zoom, lat, lon] = numbers;
  if (numbers.length !== 3 || zoom === undefined || lat === undefined || lon === undefined) return null;
  const sensible = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85.06 && Math.abs(lon) <= 180;
  return sensible ? { zoom, center: [lon, lat] } : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
