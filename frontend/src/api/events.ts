/** 网格事件: what is counted of them by one definition, the events behind it, and the desk's queue. */
import { ask, request } from './client';
import type { Queued } from './enforcement';
import type { LonLat, Text } from './types';

/** A share in percent, cut to two decimals; null of nothing. */
export interface Rate {
  percent: string | null;
  part: number;
  whole: number;
}

/** Counts of events that can be listed. */
export const EVENT_COUNTS = ['pending', 'void', 'open', 'in_time', 'overdue', 'closed'] as const;
export type EventCount = (typeof EVENT_COUNTS)[number];

export interface EventFigures extends Record<EventCount, number> {
  reported: number;
  accepted: number;
  own: number;
  rates: Record<'closing' | 'closing_of_all' | 'on_time' | 'own' | 'refused' | 'reopened' | 'passed', Rate>;
  mean_hours: number | null;
  satisfaction: number | null;
  rated: number;
}

export interface EventTotals {
  sequence: number;
  as_of: string;
  definition: string;
  basis: Text;
  total: EventFigures;
  /** The same days of the year before; null where no period with both ends was asked for. */
  before: (EventFigures & { from: string; to: string }) | null;
  groups: (EventFigures & { key: string | null; title: Text })[];
}

export interface EventRow {
  id: string;
  code: string | null;
  title: string | null;
  type: string | null;
  title_of_state?: Text;
  reported_at: string | null;
  due: string | null;
  overdue: boolean;
}

/** Which events are meant; an empty text for all. */
export interface EventsAsked {
  by?: string;
  from?: string;
  to?: string;
  type?: string;
  grid?: string;
  figure?: string;
}

function query(asked: EventsAsked, more: Record<string, string> = {}): string {
  const all = new URLSearchParams(more);
  for (const [name, value] of Object.entries(asked)) if (value) all.set(name, value);
  return all.toString();
}

export const eventTotals = (asked: EventsAsked, signal?: AbortSignal) =>
  request<EventTotals>(`events/totals?${query(asked)}`, signal ? { signal } : {});

/** The events that a total is made of, the last reported first. */
export const events = ({ by: _, ...asked }: EventsAsked, limit: number, signal?: AbortSignal) =>
  request<{ matched: number; rows: EventRow[] }>(
    `events?${query(asked, { limit: String(limit) })}`,
    signal ? { signal } : {},
  );

/** What is under way, as the desk shows it. */
export interface Waiting extends Queued {
  version: number;
  grid: { id: string; name: string | null } | null;
  place: LonLat | null;
  shows: Record<string, string | null>;
}

/** Everything under way in a layer with a process, with some of its fields beside. */
export const waiting = (layer: string, show: string[], signal?: AbortSignal) =>
  request<{ matched: number; overdue: number; rows: Waiting[] }>(
    `processes/${encodeURIComponent(layer)}/queue?${new URLSearchParams({ show: show.join(','), limit: '5000' })}`,
    { ...(signal ? { signal } : {}), cache: 'no-cache' },
  );

/** What came of a step that was taken with several features. */
export interface StepsTaken {
  taken: number;
  refused: number;
  results: { id: string; taken: boolean; title?: Text; status?: number; detail?: string }[];
}

/** Takes a step with several features; each is taken or refused for itself. */
export const takeSteps = async (
  layer: string,
  step: string,
  items: { id: string; version: number }[],
  given: { note: string; fields: Record<string, unknown> },
  key: string,
) =>
  (
    await ask<StepsTaken>(`processes/${encodeURIComponent(layer)}/steps/${encodeURIComponent(step)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ items, ...given }),
    })
  ).body;
