import { describe, expect, it } from 'vitest';
import { next, type Operation, outcomeOf } from './operation';

const operation = (key: string, group: string, refused = false): Operation => ({
  key,
  group,
  method: 'POST',
  path: 'changes',
  headers: {},
  body: '{}',
  title: key,
  at: 0,
  ...(refused ? { refused: { status: 409, detail: '' } } : {}),
});

describe('what waits to be sent', () => {
  it('goes in order', () => {
    expect(next([operation('1', 'a'), operation('2', 'b')])?.key).toBe('1');
  });

  it('does not send what follows a refusal of the same group, and does not hold up others', () => {
    const queue = [operation('1', 'a', true), operation('2', 'a'), operation('3', 'b')];
    expect(next(queue)?.key).toBe('3');
    expect(next(queue.slice(0, 2))).toBeUndefined();
  });

  it('waits where there is no answer or the server asks for patience', () => {
    expect([0, 429, 500, 503, 507].map(outcomeOf)).toEqual(['later', 'later', 'later', 'later', 'later']);
  });

  it('is refused for good by a conflict, done by success, and asks to sign in', () => {
    expect([200, 201, 401, 403, 404, 409, 412, 422].map(outcomeOf)).toEqual([
      'done',
      'done',
      'sign_in',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
    ]);
  });
});
