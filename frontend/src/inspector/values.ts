/** Field values in words: code labels, units, dates, references. */
import type { CodeList, Field, Layer, Properties, Text } from '../api';
import { areaText, lengthText, moneyText, number, timeText } from '../language/format';
import type { Texts } from '../language/zh';

export interface Words {
  t: Texts;
  pick: (text: Text | null | undefined) => string;
  lists: Record<string, CodeList>;
}

/** Whether a field holds nothing to show. */
export function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

/** A value as a reader sees it. */
export function valueText(field: Field | undefined, value: unknown, words: Words): string {
  if (isEmpty(value)) return words.t.notFilled;
  const list = field?.code_list ? words.lists[field.code_list] : undefined;
  if (list) {
    const codes = Array.isArray(value) ? value : [value];
    return codes.map((code) => codeText(list, String(code), words)).join('、');
  }
  if (typeof value === 'boolean') return value ? words.t.yes : words.t.no;
  if (typeof value === 'number') return numberText(field, value, words);
  if (field?.type === 'date_time' && typeof value === 'string') return timeText(value);
  if (Array.isArray(value)) return value.map((entry) => plain(entry)).join('、');
  return plain(value);
}

/** The label of a code; with the code itself where that is a number of a standard. */
function codeText(list: CodeList, code: string, words: Words): string {
  const entry = list.codes.find((candidate) => candidate.code === code);
  if (!entry) return code;
  const label = words.pick(entry.label);
  return /^[0-9A-Z.]+$/.test(code) && label !== code ? `${label}（${code}）` : label;
}

function numberText(field: Field | undefined, value: number, words: Words): string {
  switch (field?.unit) {
    case 'm2':
      return areaText(value, words.t);
    case 'm':
      return lengthText(value, words.t);
    case 'fen':
      return moneyText(value, words.t);
    default: {
      if (isMoney(field)) return `${number(value / 100, 2)} ${unitText(field ?? {}, words.t)}`;
      // Years are read as they are, without a separator of thousands.
      const year = field?.type === 'integer' && /year/.test(field.name);
      const text = year
        ? String(value)
        : number(value, field?.decimals ?? (field?.type === 'integer' ? 0 : 4));
      return field?.unit ? `${text} ${unitText(field, words.t)}` : text;
    }
  }
}

/** A value in a column: bare, for the heading gives the unit; nothing where nothing is filled in. */
export function cellText(field: Field, value: unknown, words: Words): string {
  if (isEmpty(value)) return '';
  if (typeof value !== 'number' || field.code_list) return valueText(field, value, words);
  if (isMoney(field)) return number(value / 100, 2);
  if (/year/.test(field.name)) return String(value);
  return number(value, field.decimals ?? (field.type === 'integer' ? 0 : 4));
}

/** Whether a field holds money, or money for something (`fen/m2`): stored in 分, shown in 元. */
export const isMoney = (field: Pick<Field, 'unit'> | undefined): boolean =>
  /^fen(\/|$)/.test(field?.unit ?? '');

/** The unit of a column, in words. */
export function unitText(field: Pick<Field, 'unit'>, t: Texts): string {
  const words: Record<string, string> = {
    m2: t.units.m2,
    m: t.units.m,
    fen: t.units.yuan,
    min: t.units.minutes,
  };
  return (field.unit ?? '')
    .split('/')
    .map((unit) => words[unit] ?? t.units.counted(unit))
    .join('/');
}

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What a feature is called: its label, name, full address or code, in this order; its id at last. */
export function titleOf(layer: Layer | undefined, properties: Properties, id: string): string {
  const names = [layer?.label, 'name', 'title', 'address', 'full', layer?.code, 'code'];
  for (const name of names) {
    const value = name ? properties[name] : undefined;
    if (!isEmpty(value) && typeof value !== 'object') return String(value);
  }
  return id;
}

/** The fields of a feature in the catalog's order; unknown ones after them. */
export function rowsOf(layer: Layer | undefined, properties: Properties): { field: Field; value: unknown }[] {
  const rows: { field: Field; value: unknown }[] = [];
  const known = new Set<string>();
  for (const field of layer?.fields ?? []) {
    known.add(field.name);
    if (field.name in properties) rows.push({ field, value: properties[field.name] });
  }
  for (const [name, value] of Object.entries(properties)) {
    if (known.has(name) || name === 'id') continue;
    rows.push({ field: { name, label: { zh: name, en: name }, type: 'text' }, value });
  }
  return rows;
}

/** Fields worth a second line in a list, best first: who answers for it, how it stands, what it is. */
const TELLING = [
  'worker',
  'party_branch',
  'branch',
  'state',
  'stage',
  'class_code',
  'kind',
  'type',
  'mode',
  'level',
  'declared_area_m2',
  'area_m2',
  'title',
  'name',
  'code',
];

/** A second line for a feature in a list: at most two of its telling fields. */
export function secondLine(layer: Layer | undefined, found: Properties, id: string, words: Words): string {
  const title = titleOf(layer, found, id);
  const parts: string[] = [];
  for (const name of TELLING) {
    const value = found[name];
    if (parts.length === 2) break;
    if (isEmpty(value) || String(value) === title) continue;
    // A bare code says little beside something that is told in words.
    if (name === 'code' && parts.length > 0) continue;
    const field = layer?.fields.find((candidate) => candidate.name === name);
    const text = valueText(field, value, words);
    parts.push(name === 'worker' ? `${words.t.inspector.worker} ${text}` : text);
  }
  return parts.join(' · ');
}
