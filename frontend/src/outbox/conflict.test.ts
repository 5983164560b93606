import { afterEach, describe, expect, it, vi } from 'vitest';
import { clashOf, onTopOf } from './conflict';
import type { Operation } from './operation';

const operation = (status: number, changes: unknown[] = []): Operation => ({
  key: 'k',
  group: 'g',
  method: 'POST',
  path: 'changes',
  headers: {},
  body: JSON.stringify({ reason: '迁出', changes }),
  title: '',
  at: 0,
  refused: { status, detail: '' },
});

afterEach(() => vi.unstubAllGlobals());

describe('what meets something else on the server', () => {
  it('was changed, is gone, or was refused for another reason', () => {
    expect([412, 404, 422, 403].map((status) => clashOf(operation(status)))).toEqual([
      'changed',
      'gone',
      null,
      null,
    ]);
  });

  it('is done all the same on the present versions, as another request', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(
        async () => new Response('{}', { headers: { etag: '"4711"', 'content-type': 'application/json' } }),
      ),
    );
    const changes = [
      {
        op: 'update',
        layer: 'residence',
        id: 'r',
        version: 3,
        feature: { properties: { moved_out: '2026-11-22' } },
      },
      { op: 'insert', layer: 'visit', feature: { properties: { building: 'b' } } },
    ];
    const again = await onTopOf(operation(412, changes));
    expect(again.key).not.toBe('k');
    expect(again.refused).toBeUndefined();
    expect(JSON.parse(String(again.body)).changes).toEqual([{ ...changes[0], version: 4711 }, changes[1]]);
  });
});
