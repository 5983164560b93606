/** 网格事件: what is counted of them by one definition, the events behind it, and the desk's queue. */
import { ask, request } from './client';
import type { components } from './schema';

/** A share in percent, cut to two decimals; null of nothing. */
export type Rate = components['schemas']['Rate'];

/** Counts of events that can be listed. */
export const EVENT_COUNTS = [
  'reported',
  'accepted',
  'pending',
  'void',
  'open',
  'in_time',
  'overdue',
  'closed',
  'own',
  'on_time',
  'refused',
  'reopened',
  'passed',
  'failed',
  'rated',
] as const;
export type EventCount = (typeof EVENT_COUNTS)[number];

export type EventFigures = components['schemas']['EventFigures'];

export type EventTotals = components['schemas']['EventTotals'];

export type EventRow = components['schemas']['EventRow'];

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
  request<components['schemas']['Events']>(
    `events?${query(asked, { limit: String(limit) })}`,
    signal ? { signal } : {},
  );

/** What is under way, as the desk shows it. */
export type Waiting = components['schemas']['Queued'];

/** Everything under way in a layer with a process, with some of its fields beside. */
export const waiting = (layer: string, show: string[], signal?: AbortSignal) =>
  request<components['schemas']['Queue']>(
    `processes/${encodeURIComponent(layer)}/queue?${new URLSearchParams({ show: show.join(','), limit: '5000' })}`,
    { ...(signal ? { signal } : {}), cache: 'no-cache' },
  );

/** What came of a step that was taken with several features. */
export type StepsTaken = components['schemas']['StepsTaken'];

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
