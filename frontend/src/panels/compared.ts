/** 同比: a figure against that of the same day of the year before. */
import { number } from '../language/format';

/** The same day of the year before; the 29th of February has the 28th. */
export function yearBefore(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year - 1, month, 0)).getUTCDate();
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year - 1}-${two(month)}-${two(Math.min(date, last))}`;
}

/** By how many percent more or less; nothing to divide by says so, and never ∞. */
export function change(now: number, then: number): string {
  if (then === 0) return '—';
  const share = ((now - then) / then) * 100;
  return `${share > 0 ? '+' : ''}${number(share, 2)}%`;
}
