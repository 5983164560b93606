/** Versions of a plan beside one another, and what each changes of the land. Areas in m². */
import { address, request } from './client';
import type { components } from './schema';

/** What may be looked at beside another: land as it is, the plan in force, a version of a plan. */
export type PlanVersion = components['schemas']['PlanVersion'];

export type Structure = components['schemas']['LandStructure'];

export type StructureRow = Structure['rows'][number];

/** What is compared, and where: a feature of a layer, or all of them together. */
export interface Comparison {
  before: string;
  after: string;
  layer: string;
  id: string;
  /** The day whose land is meant; today's where it is empty. */
  asOf: string;
}

/** The versions that there are, or were at the end of a day. */
export const plans = (asOf: string, signal?: AbortSignal) =>
  request<PlanVersion[]>(
    `plans${asOf ? `?as-of=${encodeURIComponent(asOf)}` : ''}`,
    signal ? { signal } : {},
  );

function query({ before, after, layer, id, asOf }: Comparison): URLSearchParams {
  const asked = new URLSearchParams({ before, after, layer });
  if (id) asked.set('id', id);
  if (asOf) asked.set('as-of', asOf);
  return asked;
}

/** What of each class there is before and after. */
export const structure = (asked: Comparison, signal?: AbortSignal) =>
  request<Structure>(`plans/structure?${query(asked)}`, signal ? { signal } : {});

/** Where the same is had as a workbook. */
export const structureBook = (asked: Comparison) => address(`plans/structure?${query(asked)}&f=xlsx`);
