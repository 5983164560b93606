/** Numbers, areas, lengths and money as people of the field write them. */
import type { Texts } from './zh';

/** m² in a 亩: 2000/3, exactly. */
export const M2_PER_MU = 2000 / 3;
const M2_PER_HECTARE = 10_000;
const M2_PER_KM2 = 1_000_000;

/** A number with separators of thousands and at most so many decimals. */
export function number(value: number, decimals = 0): string {
  if (!Number.isFinite(value)) return '—';
  // Both languages group by thousands, so that columns of figures read the same.
  return value.toLocaleString('en-US', { maximumFractionDigits: decimals });
}

/** Square metres to the last hundredth, so that those under one another read the same. */
export function exactArea(m2: number): string {
  return m2.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** A length: metres, from 10 km on kilometres. */
export function lengthText(metres: number, t: Texts): string {
  if (metres >= 10_000) return `${number(metres / 1000, 3)} ${t.units.km}`;
  return `${number(metres, metres < 100 ? 2 : 1)} ${t.units.m}`;
}

/** An area in one unit: m², or km² from 1 km² on. */
export function areaText(m2: number, t: Texts): string {
  if (m2 >= M2_PER_KM2) return `${number(m2 / M2_PER_KM2, 3)} ${t.units.km2}`;
  return `${number(m2, m2 < 1000 ? 2 : 1)} ${t.units.m2}`;
}

/** An area in every unit that the office uses: 平方米, 亩, 公顷. */
export function areaUnits(m2: number, t: Texts): { value: string; unit: string }[] {
  return [
    { value: number(m2, m2 < 100_000 ? 2 : 0), unit: t.units.m2 },
    { value: number(m2 / M2_PER_MU, 3), unit: t.units.mu },
    { value: number(m2 / M2_PER_HECTARE, 4), unit: t.units.ha },
  ];
}

/** Money kept in 分: yuan, from 10 000 yuan on 万元. */
export function moneyText(fen: number, t: Texts): string {
  const yuan = fen / 100;
  if (Math.abs(yuan) >= 10_000) return `${number(yuan / 10_000, 4)} ${t.units.wan}`;
  return `${number(yuan, 2)} ${t.units.yuan}`;
}

/** The day in China, as the server writes days. */
export const today = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);

/** A moment of the server (RFC 3339) in local time, to the minute. */
export function timeText(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
