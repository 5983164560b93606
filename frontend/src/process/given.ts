/** What is typed into a step's form, as the server wants it. */
import type { ProcessField } from '../api';

/** The value of a text that was typed or chosen; undefined where nothing was. */
export function answerOf(field: ProcessField, typed: string): unknown {
  const text = typed.trim();
  if (text === '') return undefined;
  switch (field.type) {
    case 'integer':
    case 'decimal': {
      const number = Number(text.replaceAll(',', ''));
      if (!Number.isFinite(number)) return text;
      // Money is written in 元 and kept in 分.
      return field.unit === 'fen' ? Math.round(number * 100) : number;
    }
    case 'boolean':
      return text === 'true';
    case 'json':
      return text
        .split(/[、，,;；\s]+/)
        .map((name) => name.trim())
        .filter(Boolean);
    default:
      return text;
  }
}

/** What the field of the feature holds, as text to begin with. */
export function typedOf(field: ProcessField, value: unknown): string {
  if (value === null || value === undefined || field.adds) return '';
  if (Array.isArray(value)) return value.join('、');
  if (field.unit === 'fen' && typeof value === 'number') return String(value / 100);
  return String(value);
}
