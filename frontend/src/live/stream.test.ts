import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Change, readChange, type Source, Stream } from './stream';

class Fake implements Source {
  readyState = 0;
  closed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }
  close(): void {
    this.closed = true;
  }
  say(type: string, data: unknown = {}): void {
    this.listeners.get(type)?.({ data: typeof data === 'string' ? data : JSON.stringify(data) } as never);
  }
}

const change = (sequence: number): Change => ({
  sequence,
  layer: 'building',
  ids: ['a'],
  bbox: [113, 23, 114, 24],
  tiles: [[14, 1, 2]],
  author: 'clerk',
});

describe('the stream of changes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function follow(from = 5) {
    const opened: { since: number; source: Fake }[] = [];
    const told: unknown[] = [];
    const stream = new Stream(
      from,
      {
        change: (each) => told.push(each.sequence),
        stale: (sequence) => told.push(`stale ${sequence}`),
        connected: (on) => told.push(on),
      },
      (since) => {
        const source = new Fake();
        opened.push({ since, source });
        return source;
      },
    );
    return { stream, opened, told };
  }

  it('hands on changes and ignores what is none', () => {
    const { opened, told } = follow();
    const { source } = opened[0] as { source: Fake };
    source.say('open');
    source.say('message', change(6));
    source.say('message', 'keep-alive');
    source.say('message', { sequence: 'x' });
    expect(told).toEqual([true, 6]);
  });

  it('knows a change too large to name from one without a place', () => {
    const read = (more: object) => readChange(JSON.stringify({ sequence: 1, layer: 'grid', ...more }));
    expect(read({ ids: null, bbox: [1, 2, 3, 4], tiles: [] })).toMatchObject({ ids: null, tiles: null });
    expect(read({ ids: ['p'] })).toMatchObject({ ids: ['p'], bbox: null, tiles: [] });
  });

  it('leaves an interruption to the browser, and opens an ended stream from the last change', () => {
    const { opened, told } = follow();
    const first = (opened[0] as { source: Fake }).source;
    first.say('open');
    first.say('message', change(9));
    first.say('error'); // readyState is still CONNECTING
    vi.advanceTimersByTime(60_000);
    expect(opened.length).toBe(1);
    first.readyState = 2;
    first.say('error');
    vi.advanceTimersByTime(1000);
    expect(opened.map((each) => each.since)).toEqual([5, 9]);
    expect(told).toEqual([true, 9, false, false]);
  });

  it('waits longer each time, tries at once when asked, and stops when closed', () => {
    const { stream, opened } = follow();
    const end = () => {
      const { source } = opened.at(-1) as { source: Fake };
      source.readyState = 2;
      source.say('error');
    };
    end();
    vi.advanceTimersByTime(1000);
    end();
    vi.advanceTimersByTime(1999);
    expect(opened.length).toBe(2);
    stream.retry();
    expect(opened.length).toBe(3);
    stream.close();
    end();
    vi.advanceTimersByTime(60_000);
    expect(opened.length).toBe(3);
  });

  it('says when more was missed than can be brought', () => {
    const { opened, told } = follow();
    (opened[0] as { source: Fake }).source.say('reload', { sequence: 900 });
    expect(told).toEqual(['stale 900']);
  });
});
