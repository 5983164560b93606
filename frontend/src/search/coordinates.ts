/** Coordinates typed or pasted into the search box. */
import type { LonLat } from '../api';

export type Datum = 'cgcs2000' | 'gcj02' | 'bd09';

export interface Typed {
  point: LonLat;
  datum: Datum;
}

const DATUMS: [RegExp, Datum][] = [
  [/gcj-?0?2|高德|腾讯|火星|amap/i, 'gcj02'],
  [/bd-?0?9|百度|baidu/i, 'bd09'],
  [/cgcs-?2000|wgs-?84|国家2000|天地图/i, 'cgcs2000'],
];

/**
 * Reads “113.59,23.11”, “23.11 113.59”, “gcj02 113.59，23.11”, “113°35′24″E 23°6′36″N”.
 * Longitude comes first; where only the other order makes sense in China, that one is taken.
 * Returns null for what is no pair of numbers, and `'range'` for a pair that no place has.
 */
export function readCoordinates(text: string): Typed | 'range' | null {
  let rest = text.trim();
  let datum: Datum = 'cgcs2000';
  for (const [pattern, named] of DATUMS) {
    if (pattern.test(rest)) {
      datum = named;
      rest = rest.replace(pattern, ' ').replace(/[()（）:：]/g, ' ');
      break;
    }
  }
  const parts = rest
    .trim()
    .split(/\s*[,，;；]\s*|\s+(?=[-+\d])/)
    .filter(Boolean);
  if (parts.length !== 2) return null;
  const [first, second] = parts.map(readAngle);
  // A pair of whole numbers is more likely a code or a house number than a place.
  if (!first || !second || (!first.exact && !second.exact)) return null;
  let [lon, lat] = [first.value, second.value];
  const named = first.axis ?? (second.axis === 'lon' ? 'lat' : second.axis === 'lat' ? 'lon' : undefined);
  if (named === 'lat' || (!named && Math.abs(lon) <= 60 && lat >= 70 && lat <= 140)) [lon, lat] = [lat, lon];
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) return 'range';
  return { point: [lon, lat], datum };
}

function readAngle(text: string): { value: number; axis?: 'lon' | 'lat'; exact: boolean } | null {
  const letter = /[NSEWnsew东西南北]/.exec(text)?.[0]?.toUpperCase() ?? '';
  const axis =
    'NS南北'.includes(letter) && letter ? 'lat' : 'EW东西'.includes(letter) && letter ? 'lon' : undefined;
  const bare = text.replace(/[NSEWnsew东西南北经纬]/g, '').trim();
  const match =
    /^([-+]?\d+(?:\.\d+)?)\s*(?:[°度]\s*(?:(\d+(?:\.\d+)?)\s*[′'分]\s*)?(?:(\d+(?:\.\d+)?)\s*[″"秒]\s*)?)?$/.exec(
      bare,
    );
  if (!match) return null;
  const degrees = Number(match[1]);
  const sign = String(match[1]).startsWith('-') || 'SW南西'.includes(letter || '-') ? -1 : 1;
  const value = sign * (Math.abs(degrees) + Number(match[2] ?? 0) / 60 + Number(match[3] ?? 0) / 3600);
  const exact = bare.includes('.') || bare.includes('°') || bare.includes('度');
  return axis ? { value, axis, exact } : { value, exact };
}
