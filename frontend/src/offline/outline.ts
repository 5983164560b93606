/** The house at a place as the device knows it, where nobody can be asked. */
import type { Geometry, MultiPolygon, Polygon } from 'geojson';
import type { LonLat } from '../api';
import { contains } from '../inspector/geometry';
import { stage } from '../map/current';
import { useTakenAlong } from './store';

export interface KnownHouse {
  id: string;
  address: string;
  geometry: Geometry;
}

/** Degrees within which a house's middle lies from a place inside it; some 100 m. */
const REACH = 1e-3;

const isArea = (geometry: Geometry | null): geometry is Polygon | MultiPolygon =>
  geometry?.type === 'Polygon' || geometry?.type === 'MultiPolygon';

/** The house at a place: as it was taken along, else as it is on the map. */
export async function houseHere(at: LonLat): Promise<KnownHouse | null> {
  const along = useTakenAlong();
  for (const { id, point } of along.taken?.entries ?? []) {
    if (!point || Math.abs(point[0] - at[0]) > REACH || Math.abs(point[1] - at[1]) > REACH) continue;
    const item = (await along.house(id))?.item;
    if (item && isArea(item.geometry) && contains(item.geometry, at))
      return { id, address: String(item.properties.address ?? ''), geometry: item.geometry };
  }
  const drawn = stage.value?.wholeAt('building', at);
  if (!drawn) return null;
  const { properties, geometry } = drawn;
  return { id: String(properties?.id), address: String(properties?.address ?? ''), geometry };
}
