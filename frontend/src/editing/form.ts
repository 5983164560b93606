/** Form fields made from the catalog: which control, which choices, and text to value and back. */
import type { Code, CodeList, Field, Layer, Properties } from '../api';
import { isEmpty, isMoney } from '../inspector/values';
import type { Texts } from '../language/zh';

export type Control =
  | 'choice'
  | 'text'
  | 'long'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'date_time'
  | 'json'
  | 'reference';

/** Longer texts get a field of several lines. */
const LONG = 120;

/** The code list that holds for a field, which another field may choose. */
export function listOf(
  field: Field,
  values: Properties,
  lists: Record<string, CodeList>,
): CodeList | undefined {
  const choose = field.code_list_when;
  const chosen = choose ? choose.lists[String(values[choose.field] ?? '')] : undefined;
  const id = chosen ?? field.code_list;
  return id ? lists[id] : undefined;
}

export function controlOf(field: Field): Control {
  if (field.code_list || field.code_list_when) return field.type === 'json' ? 'json' : 'choice';
  if (field.reference && field.type === 'text') return 'reference';
  if (field.type === 'text') return (field.max_length ?? 0) > LONG ? 'long' : 'text';
  return field.type;
}

/** The codes of a list with those of lower levels set in behind their parents. */
export function choices(list: CodeList | undefined): { code: Code; depth: number }[] {
  if (!list) return [];
  const children = new Map<string | undefined, Code[]>();
  const known = new Set(list.codes.map((code) => code.code));
  for (const code of list.codes) {
    const parent = code.parent && known.has(code.parent) ? code.parent : undefined;
    children.set(parent, [...(children.get(parent) ?? []), code]);
  }
  const below = (parent: string | undefined, depth: number): { code: Code; depth: number }[] =>
    (children.get(parent) ?? []).flatMap((code) => [{ code, depth }, ...below(code.code, depth + 1)]);
  return below(undefined, 0);
}

/** A field whose values this viewer sees masked: it can be replaced, but what stands there cannot be changed. */
export function isMasked(field: Field, value: unknown): boolean {
  const personal = field.sensitivity === 'personal' || field.sensitivity === 'sensitive';
  return personal && typeof value === 'string' && value.includes('*');
}

const two = (part: number) => String(part).padStart(2, '0');

/** The text that an input shows for a value. */
export function toText(field: Field, value: unknown): string {
  if (isEmpty(value)) return '';
  if (isMoney(field) && typeof value === 'number') return String(value / 100);
  if (field.type === 'date_time' && typeof value === 'string') {
    const at = new Date(value);
    if (Number.isNaN(at.getTime())) return '';
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
  }
  if (field.type === 'json') return JSON.stringify(value, null, 1);
  return String(value);
}

/** The value of what was typed; a text that is none stays a text, and {@link faultOf} says so. */
export function fromText(field: Field, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  switch (field.type) {
    case 'integer':
    case 'decimal': {
      const number = Number(trimmed.replace(/[,，]/g, ''));
      if (!Number.isFinite(number)) return trimmed;
      if (isMoney(field)) return Math.round(number * 100);
      return number;
    }
    case 'boolean':
      return trimmed === 'true';
    case 'date_time': {
      const at = new Date(trimmed);
      return Number.isNaN(at.getTime()) ? trimmed : at.toISOString();
    }
    case 'json':
      try {
        return JSON.parse(trimmed);
      } catch {
        return trimmed;
      }
    default:
      return text;
  }
}

/** What is wrong with a value by the catalog's own rules; the server knows further ones. */
export function faultOf(field: Field, value: unknown, list: CodeList | undefined, t: Texts): string | null {
  const words = t.form;
  if (isEmpty(value)) return field.required ? words.required : null;
  if (list && field.type !== 'json') {
    return list.codes.some((code) => code.code === String(value)) ? null : words.noCode;
  }
  switch (field.type) {
    case 'integer':
    case 'decimal': {
      if (typeof value !== 'number') return words.noNumber;
      if (field.type === 'integer' && !Number.isInteger(value)) return words.noWhole;
      const [least, most] = field.range ?? [];
      const shown = (bound: number) => String(isMoney(field) ? bound / 100 : bound);
      if (least !== undefined && most !== undefined && (value < least || value > most)) {
        return words.outOfRange(shown(least), shown(most));
      }
      return null;
    }
    case 'text': {
      const text = String(value);
      if (field.max_length && [...text].length > field.max_length) return words.tooLong(field.max_length);
      if (field.pattern && !matches(field.pattern, text)) return words.noMatch;
      return null;
    }
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? null : words.noDate;
    case 'date_time':
      return Number.isNaN(Date.parse(String(value))) ? words.noDate : null;
    case 'json':
      return typeof value === 'string' ? words.noJson : null;
    default:
      return null;
  }
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(text);
  } catch {
    return true; // a pattern of the server's dialect alone is left to the server
  }
}

/** What is wrong with a feature, by field. */
export function faultsOf(
  layer: Layer,
  values: Properties,
  lists: Record<string, CodeList>,
  t: Texts,
): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const field of layer.fields) {
    const value = values[field.name];
    if (isMasked(field, value)) continue;
    const fault = faultOf(field, value, listOf(field, values, lists), t);
    if (fault) faults[field.name] = fault;
  }
  return faults;
}

const alike = (one: unknown, other: unknown) =>
  (isEmpty(one) && isEmpty(other)) || JSON.stringify(one) === JSON.stringify(other);

/** The fields that differ, with their new values; null for one that was emptied. */
export function differing(layer: Layer, before: Properties, now: Properties): Properties {
  const changed: Properties = {};
  for (const { name } of layer.fields) {
    if (!alike(before[name], now[name])) changed[name] = isEmpty(now[name]) ? null : now[name];
  }
  return changed;
}
