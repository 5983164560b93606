/** Rounds of visits and what is checked on them: shares by grid, and changes of rentals and their declarations. */
import type { Change, House, Row } from '../api';

/** Colours of a share that is done, from little to all; the legend has the same. */
export const SHARES: { least: number; color: string }[] = [
  { least: 0, color: '#c8372d' },
  { least: 0.25, color: '#e08a3c' },
  { least: 0.5, color: '#e0b12f' },
  { least: 0.75, color: '#a3b94f' },
  { least: 1, color: '#4f9a5b' },
];

/** The colour of a share; of nothing there is none. */
export function shareColor(done: number, all: number): string | null {
  if (all <= 0) return null;
  const share = done / all;
  return SHARES.reduce((found, step) => (share >= step.least ? step.color : found), SHARES[0]?.color ?? '');
}

export interface Declared {
  room: string | null;
  landlord: string;
  tenant: string;
  from: string;
}

/** A rental that is declared: to be checked on the spot. */
export function declare(house: House, given: Declared, day: string): Change[] {
  const properties: Record<string, unknown> = {
    building: house.id,
    landlord: given.landlord,
    tenant: given.tenant,
    start_on: given.from,
    state: '待核',
    declared_on: day,
  };
  if (given.room) properties.room = given.room;
  const filled = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== ''));
  return [{ op: 'insert', layer: 'rental_declaration', feature: { properties: filled } }];
}

/**
 * What was found of a declaration on the spot. A rental that is confirmed and was not known as one is written
 * down with it, so that both say the same.
 */
export function check(house: House, declaration: Row, fits: boolean, day: string): Change[] {
  const changes: Change[] = [
    {
      op: 'update',
      layer: 'rental_declaration',
      id: declaration.id,
      version: declaration.version,
      feature: { properties: { state: fits ? '已核' : '不符', verified_on: day } },
    },
  ];
  if (fits && house.properties.rental !== true)
    changes.push({
      op: 'update',
      layer: 'building',
      id: house.id,
      version: house.version,
      feature: { properties: { rental: true } },
    });
  return changes;
}
