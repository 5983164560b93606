import { describe, expect, it } from 'vitest';
import type { ProcessField } from '../api';
import { answerOf, typedOf } from './given';

const field = (type: ProcessField['type'], adds = false): ProcessField => ({
  name: 'x',
  label: { zh: '', en: '' },
  type,
  required: false,
  adds,
  choices: [],
  range: null,
  unit: null,
  decimals: null,
  reference: null,
  max_length: null,
  of_layer: true,
});

describe('the form of a step', () => {
  it('says numbers as numbers and several officers as a list', () => {
    expect(answerOf(field('decimal'), '1,250.50')).toBe(1250.5);
    expect(answerOf(field('json'), '李某、王某， 张某')).toEqual(['李某', '王某', '张某']);
    expect(answerOf(field('boolean'), 'false')).toBe(false);
    expect(answerOf(field('text'), '  ')).toBeUndefined();
    expect(answerOf({ ...field('integer'), unit: 'fen' }, '1.05')).toBe(105);
    // What is no number goes to the server, which names the field.
    expect(answerOf(field('integer'), '三')).toBe('三');
  });

  it('begins with what the feature holds, but for what is added to it', () => {
    expect(typedOf(field('json'), ['甲', '乙'])).toBe('甲、乙');
    expect(typedOf(field('decimal', true), 12)).toBe('');
    expect(typedOf(field('text'), null)).toBe('');
  });
});
