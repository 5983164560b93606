/** The server's stream of changes, framework-free: one connection, resumed where it broke off. */
import type { Bounds } from '../api';

/** What one change set touched in one layer. */
export interface Change {
  sequence: number;
  layer: string;
  /** The features; null where they are too many to name. */
  ids: string[] | null;
  bbox: Bounds | null;
  /** Touched tiles of one zoom as zoom, column, row; null where the whole layer may be touched. */
  tiles: [number, number, number][] | null;
  author: string | null;
}

export interface StreamEvents {
  change(change: Change): void;
  /** More was missed than the stream can bring: what is shown has to be asked for anew. */
  stale(sequence: number): void;
  /** The stream runs, or is interrupted and being taken up again. */
  connected(on: boolean): void;
}

/** The part of `EventSource` that is used; a test brings its own. */
export interface Source {
  readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

/** Milliseconds until a stream that the server ended is opened again: doubled each time, up to the last. */
const WAITS = [1000, 2000, 4000, 8000, 15_000];
const CLOSED = 2;

/**
 * Follows the changes after a sequence number. The browser itself resumes an interrupted connection with
 * `Last-Event-ID`; a stream that was refused or ended is opened again from the last number seen.
 */
export class Stream {
  private source: Source | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private ended = false;

  constructor(
    private last: number,
    private readonly events: StreamEvents,
    private readonly open: (since: number) => Source,
  ) {
    this.connect();
  }

  private connect(): void {
    const source = this.open(this.last);
    this.source = source;
    source.addEventListener('open', () => {
      this.failures = 0;
      this.events.connected(true);
    });
    source.addEventListener('error', () => this.broken(source));
    source.addEventListener('message', (event) => {
      const change = readChange(event.data);
      if (!change) return;
      this.last = Math.max(this.last, change.sequence);
      this.events.change(change);
    });
    source.addEventListener('reload', (event) => {
      this.last = Math.max(this.last, Number(readSequence(event.data) ?? this.last));
      this.events.stale(this.last);
    });
  }

  private broken(source: Source): void {
    if (this.ended || source !== this.source) return;
    this.events.connected(false);
    if (source.readyState !== CLOSED) return; // the browser tries again by itself
    const wait = WAITS[Math.min(this.failures, WAITS.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), wait);
  }

  /** Tries at once, as when the network came back. */
  retry(): void {
    if (this.ended || this.source?.readyState !== CLOSED) return;
    clearTimeout(this.timer);
    this.connect();
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.source?.close();
  }
}

function parsed(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function readSequence(data: string): number | null {
  const sequence = parsed(data)?.sequence;
  return typeof sequence === 'number' ? sequence : null;
}

/** A change as the stream tells it, or null where the message is something else. */
export function readChange(data: string): Change | null {
  const value = parsed(data);
  if (!value || typeof value.sequence !== 'number' || typeof value.layer !== 'string') return null;
  const tiles = Array.isArray(value.tiles) ? (value.tiles as [number, number, number][]) : [];
  const bbox = Array.isArray(value.bbox) ? (value.bbox as Bounds) : null;
  return {
    sequence: value.sequence,
    layer: value.layer,
    ids: Array.isArray(value.ids) ? value.ids.map(String) : null,
    bbox,
    // A place without tiles is a place too large to name them; no place at all touches no tile.
    tiles: tiles.length === 0 && bbox ? null : tiles,
    author: typeof value.author === 'string' ? value.author : null,
  };
}
