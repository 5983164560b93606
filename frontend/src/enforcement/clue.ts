/** A clue of 两违 from whoever stands before it: a case in its first state, or a spot for an officer to judge. */
import type { Geometry, Position } from 'geojson';
import type { LonLat } from '../api';
import { area, distance } from '../map/geodesy';
import type { Photograph, Reported } from '../onsite/requests';

export interface Clue {
  layer: 'violation_case' | 'violation_spot';
  title: string;
  kind: string;
  source: string;
  buildState: string;
  isNew: boolean;
  address: string;
  remark: string;
  /** The outline of what is seen: of the house there, tapped, or walked around. */
  geometry: Geometry;
  /** The house whose outline it is. */
  building: string | null;
  /** The day on which it was seen. */
  day: string;
  photos: Photograph[];
}

/** The kind that photographs of what was found are kept as. */
const FOUND = '现场照片';

/** The feature that it is. What a clue covers is measured when it is checked: its outline says about where. */
export function reportedOf(clue: Clue): Reported {
  const remark = clue.remark || null;
  const properties =
    clue.layer === 'violation_case'
      ? {
          kind: clue.kind,
          source: clue.source,
          state: '10',
          is_new: clue.isNew,
          found_on: clue.day,
          build_state: clue.buildState || null,
          address: clue.address || null,
          ...(clue.building ? { buildings: [clue.building] } : {}),
          remark,
        }
      : {
          source: clue.source,
          judgement: '待核',
          area_m2: Math.round(areaOf(clue.geometry) * 100) / 100,
          remark: [clue.address, clue.remark].filter(Boolean).join('；') || null,
        };
  return {
    layer: clue.layer,
    title: clue.title,
    geometry: clue.geometry,
    properties,
    kind: FOUND,
    photos: clue.photos,
  };
}

const polygons = (shape: Geometry): Position[][][] => {
  if (shape.type === 'Polygon') return [shape.coordinates];
  return shape.type === 'MultiPolygon' ? shape.coordinates : [];
};
/** A ring without its last corner, which is its first again. */
const open = (ring: Position[]) => ring.slice(0, -1) as LonLat[];

const areaOf = (shape: Geometry) =>
  polygons(shape).reduce((all, [outer, ...holes]) => {
    const cut = holes.reduce((sum, hole) => sum + area(open(hole)), 0);
    return all + (outer ? area(open(outer)) : 0) - cut;
  }, 0);

/** Metres from a place to the nearest corner of a shape; null where it has none. */
export function away(shape: Geometry, from: LonLat): number | null {
  const corners = polygons(shape).flat().flatMap(open);
  return corners.length ? Math.min(...corners.map((corner) => distance(from, corner))) : null;
}
