/** 划定区域即时统计: counts in an area, and the houses that each number is made of. */
import { post } from './client';
import type { components } from './schema';
import type { Statistics } from './types';

/** Which of the houses that an outline cuts are counted. */
export type Rule = 'representative_point' | 'intersects' | 'within';

/** What is counted: a drawn geometry, or what features of a layer cover. */
export type Counted = (
  | {
      area:
        | { type: 'Polygon'; coordinates: number[][][] }
        | { type: 'LineString' | 'Point'; coordinates: unknown };
    }
  | { layer: string; ids: string[] }
) & {
  rule: Rule;
  /** Metres that the outline is widened by. */
  buffer_m?: number;
  /** A day in the past that people are counted on. */
  on?: string;
  /** An areal layer that the counts are split by. */
  by?: string;
};

/** Counts people, houses, cases, contracts and land in a drawn area, or in features' outlines. */
export const statistics = (of: Counted, signal?: AbortSignal) => post<Statistics>('statistics', of, signal);

/** Houses with their parts in a number, the largest first. */
export type HouseList = components['schemas']['HouseList'];

/** Features that a number is made of, the largest first. */
export type FeatureList = components['schemas']['FeatureList'];

/** Which of what is behind a number is asked for. */
export interface BehindPage {
  limit: number;
  offset: number;
}

/** The query of a page, with what else is given. */
export const paged = (given: Record<string, string | undefined>, page: BehindPage) => {
  const query = new URLSearchParams({ limit: String(page.limit), offset: String(page.offset) });
  for (const [name, value] of Object.entries(given)) if (value) query.set(name, value);
  return query;
};

/** The houses that a number of the statistics is made of; `figure` is its path there. */
export const housesBehind = (of: Counted, figure: string, page: BehindPage, signal?: AbortSignal) =>
  post<HouseList>(`statistics/houses?${paged({ figure }, page)}`, of, signal);

/** The cases, contracts, plots or lines that a number of the statistics is made of. */
export const featuresBehind = (of: Counted, figure: string, page: BehindPage, signal?: AbortSignal) =>
  post<FeatureList>(`statistics/features?${paged({ figure }, page)}`, of, signal);
