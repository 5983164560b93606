/** What waits at the desk: who it waits for, how much time is left, what can be done with several. */
import type { Machine, ProcessAsks, Waiting } from '../api';

export type Scope = 'mine' | 'all' | 'late';

export interface Filters {
  state: string;
  type: string;
  grid: string;
  level: string;
}

/** Minutes before its time is over from which an event is marked as pressing. */
const PRESSING = 4 * 60;

/** Whether a role takes a step from a state. */
export function waitsFor(machine: Machine | null, state: string, role: string): boolean {
  return (
    machine?.transitions.some(
      (step) => step.from.includes(state) && step.roles.some((own) => own.id === role || role === 'local'),
    ) ?? false
  );
}

/** Whether a row is in the list. */
export function fits(
  row: Waiting,
  scope: Scope,
  filters: Filters,
  machine: Machine | null,
  role: string,
): boolean {
  if (scope === 'late' && !row.overdue) return false;
  if (scope === 'mine' && !waitsFor(machine, row.state, role)) return false;
  return (
    (!filters.state || row.state === filters.state) &&
    (!filters.type || row.shows.type === filters.type) &&
    (!filters.level || row.shows.level === filters.level) &&
    (!filters.grid || row.grid?.id === filters.grid)
  );
}

/** The steps that several may take together: none that needs a place, photographs, papers or a shape of each. */
export function bulkSteps(machine: Machine | null, rows: Waiting[], role: string): ProcessAsks[] {
  if (!machine || rows.length === 0) return [];
  return machine.transitions.filter(
    (step) =>
      !step.auto &&
      rows.every((row) => step.from.includes(row.state)) &&
      step.roles.some((own) => own.id === role || role === 'local') &&
      step.photos.length === 0 &&
      step.documents.length === 0 &&
      !step.place &&
      !step.geometry &&
      step.fields.every((field) => !field.reference),
  );
}

/** Whole minutes until the time of a row is over; negative when it is late, null without a limit. */
export function minutesLeft(row: Waiting, now: number): number | null {
  if (!row.deadline) return null;
  return Math.trunc((Date.parse(row.deadline) - now) / 60_000);
}

/** A time in the two greatest units that say something. */
export function inUnits(
  minutes: number,
  words: { days: (n: number) => string; hours: (n: number) => string; minutes: (n: number) => string },
): string {
  const all = Math.abs(minutes);
  const [days, hours, rest] = [Math.floor(all / 1440), Math.floor((all % 1440) / 60), all % 60];
  if (days > 0) return hours > 0 ? `${words.days(days)} ${words.hours(hours)}` : words.days(days);
  if (hours > 0) return rest > 0 ? `${words.hours(hours)} ${words.minutes(rest)}` : words.hours(hours);
  return words.minutes(rest);
}

/** Late, pressing, stopped, or in time; as on the map, so in the list. */
export function urgencyOf(row: Waiting, now: number): 'late' | 'pressing' | 'stopped' | 'calm' {
  if (row.suspended) return 'stopped';
  const left = minutesLeft(row, now);
  if (left === null) return 'calm';
  if (left < 0) return 'late';
  return left < PRESSING ? 'pressing' : 'calm';
}

const COLORS = { late: '#ad3427', pressing: '#d98a1f', stopped: '#7c8894', calm: '#1b5e9e' };

export const color = (row: Waiting, now: number) => COLORS[urgencyOf(row, now)];
