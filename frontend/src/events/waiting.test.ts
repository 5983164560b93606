import { describe, expect, it } from 'vitest';
import type { Machine, Waiting } from '../api';
import { bulkSteps, fits, inUnits, minutesLeft, urgencyOf } from './waiting';

const NOW = Date.parse('2026-11-22T10:00:00+08:00');
const row = (state: string, more: Partial<Waiting> = {}) =>
  ({
    id: state,
    state,
    deadline: null,
    overdue: false,
    suspended: false,
    grid: null,
    shows: {},
    ...more,
  }) as Waiting;
const step = (id: string, from: string[], role: string, more = {}) => ({
  id,
  from,
  roles: [{ id: role }],
  auto: false,
  photos: [],
  documents: [],
  place: null,
  geometry: false,
  fields: [],
  ...more,
});
const machine = {
  transitions: [
    step('accept', ['20'], 'dispatcher'),
    step('dispatch', ['30', '41'], 'dispatcher'),
    step('start', ['40'], 'handler', { place: { within_m: 200 } }),
    step('merge', ['30'], 'dispatcher', { fields: [{ reference: 'grid_event' }] }),
  ],
} as unknown as Machine;
const none = { state: '', type: '', grid: '', level: '' };

describe('what waits at the desk', () => {
  it('is shown to whoever takes a step from its state', () => {
    expect(fits(row('20'), 'mine', none, machine, 'dispatcher')).toBe(true);
    expect(fits(row('40'), 'mine', none, machine, 'dispatcher')).toBe(false);
    expect(fits(row('40'), 'all', none, machine, 'dispatcher')).toBe(true);
    expect(fits(row('40'), 'late', none, machine, 'dispatcher')).toBe(false);
    expect(fits(row('40', { grid: { id: 'g', name: '' } }), 'all', { ...none, grid: 'h' }, machine, '')).toBe(
      false,
    );
  });

  it('takes steps together that every one may take and that need nothing of each', () => {
    const ids = (rows: Waiting[], role = 'dispatcher') => bulkSteps(machine, rows, role).map((one) => one.id);
    expect(ids([row('30'), row('41')])).toEqual(['dispatch']);
    expect(ids([row('30')])).toEqual(['dispatch']);
    expect(ids([row('20'), row('30')])).toEqual([]);
    expect(ids([row('40')], 'handler')).toEqual([]);
    expect(ids([])).toEqual([]);
  });

  it('has time left, is pressing, late, or stands still', () => {
    const due = (at: string, suspended = false) => row('40', { deadline: at, suspended });
    expect(minutesLeft(due('2026-11-22T12:30:00+08:00'), NOW)).toBe(150);
    expect(urgencyOf(due('2026-11-22T12:30:00+08:00'), NOW)).toBe('pressing');
    expect(urgencyOf(due('2026-11-22T09:00:00+08:00'), NOW)).toBe('late');
    expect(urgencyOf(due('2026-11-25T09:00:00+08:00'), NOW)).toBe('calm');
    expect(urgencyOf(due('2026-11-22T09:00:00+08:00', true), NOW)).toBe('stopped');
    const words = {
      days: (n: number) => `${n}d`,
      hours: (n: number) => `${n}h`,
      minutes: (n: number) => `${n}m`,
    };
    expect([150, -1500, 2880, 59].map((each) => inUnits(each, words))).toEqual([
      '2h 30m',
      '1d 1h',
      '2d',
      '59m',
    ]);
  });
});
