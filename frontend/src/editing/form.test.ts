import { describe, expect, it } from 'vitest';
import type { CodeList, Field, Layer } from '../api';
import { zh } from '../language/zh';
import { choices, controlOf, differing, faultOf, faultsOf, fromText, isMasked, listOf, toText } from './form';

const field = (more: Partial<Field>): Field => ({
  name: 'f',
  label: { zh: '字段', en: 'Field' },
  type: 'text',
  ...more,
});
const list = (id: string, ...codes: string[]): CodeList => ({
  id,
  title: { zh: id, en: id },
  codes: codes.map((code) => ({ code, label: { zh: code, en: code } })),
});

describe('the form of a layer', () => {
  it('takes the control that the catalog asks for', () => {
    expect(controlOf(field({ code_list: 'use' }))).toBe('choice');
    expect(controlOf(field({ reference: 'address' }))).toBe('reference');
    expect(controlOf(field({ max_length: 30 }))).toBe('text');
    expect(controlOf(field({ max_length: 500 }))).toBe('long');
    expect(controlOf(field({ type: 'boolean' }))).toBe('boolean');
    expect(controlOf(field({ type: 'json', reference: 'grid' }))).toBe('json');
  });

  it('chooses between code lists by another field', () => {
    const land = field({
      code_list: 'sea',
      code_list_when: { field: 'std', lists: { 'GB/T 21010': 'old' } },
    });
    const lists = { sea: list('sea', '0703'), old: list('old', '0702') };
    expect(listOf(land, {}, lists)?.id).toBe('sea');
    expect(listOf(land, { std: 'GB/T 21010' }, lists)?.id).toBe('old');
    const nested: CodeList = {
      ...list('land', '01', '0101', '02'),
      codes: [
        { code: '02', label: { zh: '园地', en: 'Garden' } },
        { code: '01', label: { zh: '耕地', en: 'Arable' } },
        { code: '0101', label: { zh: '水田', en: 'Paddy' }, parent: '01' },
      ],
    };
    expect(choices(nested).map(({ code, depth }) => [code.code, depth])).toEqual([
      ['02', 0],
      ['01', 0],
      ['0101', 1],
    ]);
  });

  it('turns what is typed into the stored unit and back', () => {
    const rent = field({ type: 'integer', unit: 'fen' });
    expect(fromText(rent, '1,234.56')).toBe(123456);
    expect(toText(rent, 123456)).toBe('1234.56');
    expect(fromText(field({ type: 'decimal' }), ' 12.5 ')).toBe(12.5);
    expect(fromText(field({ type: 'decimal' }), '十二')).toBe('十二');
    expect(fromText(field({ type: 'boolean' }), 'false')).toBe(false);
    expect(fromText(field({}), '')).toBeNull();
    const time = field({ type: 'date_time' });
    const kept = fromText(time, '2026-11-22T08:30') as string;
    expect(new Date(kept).getTime()).toBe(new Date('2026-11-22T08:30').getTime());
    expect(toText(time, kept)).toBe('2026-11-22T08:30');
    expect(fromText(field({ type: 'json' }), '["a"]')).toEqual(['a']);
  });

  it('says what is wrong in plain words', () => {
    const words = zh.form;
    expect(faultOf(field({ required: true }), null, undefined, zh)).toBe(words.required);
    expect(faultOf(field({ type: 'integer', range: [0, 120] }), 121, undefined, zh)).toBe(
      words.outOfRange('0', '120'),
    );
    expect(faultOf(field({ type: 'integer' }), 1.5, undefined, zh)).toBe(words.noWhole);
    expect(faultOf(field({ type: 'decimal' }), '十二', undefined, zh)).toBe(words.noNumber);
    expect(faultOf(field({ max_length: 2 }), '𠮷东华', undefined, zh)).toBe(words.tooLong(2));
    expect(faultOf(field({ max_length: 2 }), '𠮷东', undefined, zh)).toBeNull();
    expect(faultOf(field({ pattern: '[0-9]{3}' }), '12', undefined, zh)).toBe(words.noMatch);
    expect(faultOf(field({ code_list: 'use' }), '没有', list('use', '住宅'), zh)).toBe(words.noCode);
    expect(faultOf(field({ type: 'date' }), '2026-1-1', undefined, zh)).toBe(words.noDate);
    expect(faultOf(field({}), null, undefined, zh)).toBeNull();
  });

  const layer: Layer = {
    id: 'building',
    title: { zh: '房屋', en: 'House' },
    theme: 'x',
    geometry: 'polygon',
    fields: [
      field({ name: 'code', required: true }),
      field({ name: 'owner', sensitivity: 'personal', required: true, max_length: 1 }),
    ],
  };

  it('sends only what differs, and leaves a masked value to the server', () => {
    expect(differing(layer, { code: 'a', owner: '李**' }, { code: 'b', owner: '李**' })).toEqual({
      code: 'b',
    });
    expect(differing(layer, { code: 'a' }, { code: '' })).toEqual({ code: null });
    expect(differing(layer, { code: null }, {})).toEqual({});
    expect(isMasked(layer.fields[1] as Field, '李**')).toBe(true);
    expect(isMasked(layer.fields[0] as Field, 'a*')).toBe(false);
    expect(faultsOf(layer, { code: '', owner: '李**' }, {}, zh)).toEqual({ code: zh.form.required });
  });
});
