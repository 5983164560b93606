/** The next code of a layer, by the way its codes are numbered. */
import type { Layer, Properties } from '../api';
import * as api from '../api';

/** A code with its last digits counted on; one without digits gets some. */
export function nextCode(code: string): string {
  const match = /^(.*?)(\d+)$/.exec(code);
  if (!match) return `${code}-2`;
  const [, before = '', digits = ''] = match;
  // Codes are longer than numbers are exact: only the end is counted.
  const tail = digits.slice(-9);
  const next = String(Number(tail) + 1).padStart(tail.length, '0');
  return before + digits.slice(0, -tail.length) + next;
}

/** First values of a new feature: the code after the greatest, where the layer has codes of its own. */
export async function firstValues(layer: Layer): Promise<Properties> {
  const field = layer.fields.find((each) => each.name === layer.code && each.type === 'text');
  if (!field || !(field.unique || field.required)) return {};
  try {
    const last = await api.items(layer.id, {
      limit: 1,
      offset: 0,
      sortby: `-${field.name}`,
      properties: [field.name],
    });
    const code = last.features[0]?.properties[field.name];
    return typeof code === 'string' && code !== '' ? { [field.name]: nextCode(code) } : {};
  } catch {
    return {}; // the reader fills it in
  }
}
