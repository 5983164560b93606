import * as api from '../api';

/** The house that a row of the registers is in, or that a person lives in; none where there is none. */
export async function houseOf(layer: string, id: string): Promise<string | null> {
  let row: api.Item | undefined;
  if (layer === 'person') {
    const { features } = await api.items('residence', { limit: 50, offset: 0, filter: `person = '${id}'` });
    row = features.find((one) => !one.properties.moved_out) ?? features[0];
  } else {
    row = await api.item(layer, id);
  }
  const { building, room } = row?.properties ?? {};
  if (building) return String(building);
  return room ? houseOf('room', String(room)) : null;
}
