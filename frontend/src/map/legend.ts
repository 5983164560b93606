import type { CodeList, Layer, Text } from '../api';

/** One line of a legend: a code with its colour. */
export interface Swatch {
  code: string;
  label: Text;
  color: string;
}

/** More codes than this are shown by their broader codes. */
const LONG = 14;

/** The code list that colours a layer, where one does. */
export function colorList(layer: Layer, lists: Record<string, CodeList>): CodeList | undefined {
  const by = layer.fields.find((field) => field.name === layer.style?.color_by);
  return by?.code_list ? lists[by.code_list] : undefined;
}

/** The colour of every code; the server gives each one. */
export const codeColors = (list: CodeList): Map<string, string> =>
  new Map(list.codes.map(({ code, color }) => [code, color ?? '#79706e']));

/** The legend of a layer: one swatch a code that it is coloured by; empty when it has one colour. */
export function legend(layer: Layer, lists: Record<string, CodeList>): Swatch[] {
  const list = colorList(layer, lists);
  if (!list) return [];
  const colors = codeColors(list);
  const broad = list.codes.filter((entry) => !entry.parent);
  const shown = list.codes.length > LONG && broad.length > 0 ? broad : list.codes;
  return shown.map((entry) => ({
    code: entry.code,
    label: entry.label,
    color: colors.get(entry.code) as string,
  }));
}
