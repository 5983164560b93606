import { describe, expect, it } from 'vitest';
import type { House, Resident } from '../api';
import { correct, moveIn, readIdNumber, today, verify } from './acts';

const house = { id: 'b1' } as House;
const resident: Resident = {
  person: { id: 'p1', version: 3, name: '李**', phone: '138****5678', verify_state: '0' },
  residence: { id: 'l1', version: 4, kind: '租住', moved_in: '2024-05-01' },
  counted: true,
};

describe('acts at a house', () => {
  it('writes a new person together with the residence', () => {
    const changes = moveIn(
      house,
      {
        person: { properties: { name: '某某', phone: '' } },
        room: 'r1',
        kind: '租住',
        relation: null,
        movedIn: '2026-11-20',
        source: '洗楼',
        verified: true,
      },
      '2026-11-22',
      () => 'x',
    );
    expect(changes).toEqual([
      {
        op: 'insert',
        layer: 'person',
        id: 'person-x',
        feature: { properties: { name: '某某', verify_state: '1' } },
      },
      {
        op: 'insert',
        layer: 'residence',
        feature: {
          properties: {
            person: 'person-x',
            room: 'r1',
            building: 'b1',
            kind: '租住',
            moved_in: '2026-11-20',
            source: '洗楼',
            verified_on: '2026-11-22',
          },
        },
      },
    ]);
  });

  it('corrects only what was typed over', () => {
    expect(correct(resident, { name: '李**', phone: '13900001111' }, { kind: '租住' })).toEqual([
      {
        op: 'update',
        layer: 'person',
        id: 'p1',
        version: 3,
        feature: { properties: { phone: '13900001111' } },
      },
    ]);
    expect(correct(resident, { name: '李**' }, { kind: '' })).toEqual([
      { op: 'update', layer: 'residence', id: 'l1', version: 4, feature: { properties: { kind: null } } },
    ]);
  });

  it('verifies the residence, and the person who was not', () => {
    expect(verify([resident], '2026-11-22').map((change) => change.layer)).toEqual(['residence', 'person']);
  });

  it('reads birth and sex from an identity number', () => {
    expect(readIdNumber('990000198806180019')).toEqual({ birth: '1988-06-18', sex: '1' });
    expect(readIdNumber('99000019870806002x')).toEqual({ birth: '1987-08-06', sex: '2' });
    expect(readIdNumber('H12345678')).toEqual({});
  });

  it('knows the day in China', () => {
    expect(today(new Date('2026-11-21T17:00:00Z'))).toBe('2026-11-22');
  });
});
