/** What is done at a house, as change sets: moving in and out, verifying, correcting, visiting. */
import { ulid } from 'ulid';
import type { Change, House, Properties, Resident, Room } from '../api';

/** The day in China, as the registers write it. */
export function today(now = new Date()): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short' }).format(now);
}

/** Somebody who moves in: one who is on the register by id, or a new record. */
export interface Newcomer {
  person: { id: string } | { properties: Properties };
  /** Null where the room is not known. */
  room: string | null;
  kind: string;
  relation: string | null;
  movedIn: string;
  source: string;
  /** Whether it was seen on the spot, and so is verified by being written down. */
  verified: boolean;
}

const given = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== '' && value !== null));

/** Moving in: the residence, with a new person where none is on the register. Ids are made by the page. */
export function moveIn(house: House, comes: Newcomer, day: string, id: () => string = ulid): Change[] {
  const changes: Change[] = [];
  const fresh = 'properties' in comes.person;
  const person = 'id' in comes.person ? comes.person.id : `person-${id()}`;
  if ('properties' in comes.person) {
    const properties = given({ ...comes.person.properties, verify_state: comes.verified ? '1' : '0' });
    changes.push({ op: 'insert', layer: 'person', id: person, feature: { properties } });
  }
  changes.push({
    op: 'insert',
    layer: 'residence',
    feature: {
      properties: given({
        person,
        room: comes.room,
        building: house.id,
        kind: comes.kind,
        relation_to_head: comes.relation,
        moved_in: comes.movedIn,
        source: comes.source,
        verified_on: comes.verified ? day : null,
      }),
    },
  });
  // The place of a new person is where they live: who may write there is known only with it.
  return fresh ? changes : changes.slice(-1);
}

/** Moving out on a day. */
export function moveOut(resident: Resident, day: string): Change[] {
  return [update('residence', resident.residence, { moved_out: day })];
}

/** Seen and found right: the residence is verified today, and who was not verified is. */
export function verify(residents: Resident[], day: string): Change[] {
  return residents.flatMap((resident) => {
    const changes = [update('residence', resident.residence, { verified_on: day })];
    if (resident.person.verify_state !== '1')
      changes.push(update('person', resident.person, { verify_state: '1' }));
    return changes;
  });
}

/** Corrections: only what differs from what was shown; a masked value that was not typed over stays. */
export function correct(resident: Resident, person: Properties, residence: Properties): Change[] {
  const differs = (before: Properties, after: Properties) =>
    Object.fromEntries(
      Object.entries(after)
        .map(([name, value]) => [name, value === '' ? null : value] as const)
        .filter(([name, value]) => value !== (before[name] ?? null)),
    );
  const changes: Change[] = [];
  const [of, at] = [differs(resident.person, person), differs(resident.residence, residence)];
  if (Object.keys(of).length > 0) changes.push(update('person', resident.person, of));
  if (Object.keys(at).length > 0) changes.push(update('residence', resident.residence, at));
  return changes;
}

/** A visit now. */
export function visit(
  house: House,
  outcome: string,
  visitor: string,
  round: string | null,
  found: string,
  at = new Date(),
): Change[] {
  const properties = given({
    building: house.id,
    outcome,
    visitor,
    round,
    found,
    visited_at: at.toISOString(),
  });
  return [{ op: 'insert', layer: 'visit', feature: { properties } }];
}

function update(layer: string, row: { id: string; version: number }, properties: Properties): Change {
  return { op: 'update', layer, id: row.id, version: row.version, feature: { properties } };
}

/** Everybody in a house. */
export const everybody = (rooms: Room[] | undefined): Resident[] =>
  rooms?.flatMap((room) => room.residents) ?? [];

/** Birth and sex that an identity card's number tells (GB 11643); nothing of another number. */
export function readIdNumber(number: string): { birth?: string; sex?: string } {
  const match = /^\d{6}(\d{4})(\d{2})(\d{2})\d{2}(\d)[\dXx]$/.exec(number.trim());
  if (!match) return {};
  const [, year, month, day, digit] = match;
  return { birth: `${year}-${month}-${day}`, sex: Number(digit) % 2 === 1 ? '1' : '2' };
}
