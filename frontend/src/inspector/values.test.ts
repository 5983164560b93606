import { describe, expect, it } from 'vitest';
import type { Field, Layer } from '../api';
import { zh } from '../language/zh';
import { cellText, rowsOf, secondLine, titleOf, unitText, valueText } from './values';

const field = (name: string, extra: Partial<Field> = {}): Field => ({
  name,
  label: { zh: name, en: name },
  type: 'text',
  ...extra,
});

const words = {
  t: zh,
  pick: (text: { zh: string } | null | undefined) => text?.zh ?? '',
  lists: {
    land: {
      id: 'land',
      title: { zh: '用地', en: 'Land' },
      codes: [
        { code: '0703', label: { zh: '农村宅基地', en: 'Rural homestead' } },
        { code: '出租', label: { zh: '出租', en: 'Rented' } },
      ],
    },
  },
};

describe('valueText', () => {
  it('says the label of a code, with the code where a standard gives one', () => {
    expect(valueText(field('class', { code_list: 'land' }), '0703', words)).toBe('农村宅基地（0703）');
    expect(valueText(field('use', { code_list: 'land' }), '出租', words)).toBe('出租');
    expect(valueText(field('use', { code_list: 'land' }), '没有的码', words)).toBe('没有的码');
  });

  it('gives units', () => {
    expect(valueText(field('a', { type: 'decimal', unit: 'm2' }), 123.4, words)).toBe('123.4 平方米');
    expect(valueText(field('a', { type: 'integer', unit: 'fen' }), 2727500000, words)).toBe('2,727.5 万元');
    expect(valueText(field('built_year', { type: 'integer' }), 1998, words)).toBe('1998');
    expect(valueText(field('residents', { type: 'integer' }), 11608, words)).toBe('11,608');
  });

  it('tells empty from zero and from no', () => {
    expect(valueText(field('a'), null, words)).toBe('未填');
    expect(valueText(field('a', { type: 'integer' }), 0, words)).toBe('0');
    expect(valueText(field('a', { type: 'boolean' }), false, words)).toBe('否');
  });
});

describe('cellText', () => {
  it('is bare, with the unit in the heading', () => {
    const rent = field('monthly_rent_fen', { type: 'integer', unit: 'fen' });
    expect(cellText(rent, 123_456, words)).toBe('1,234.56');
    expect(unitText(rent, zh)).toBe('元');
    expect(cellText(field('area_m2', { type: 'decimal', unit: 'm2', decimals: 2 }), 1234.5, words)).toBe(
      '1,234.5',
    );
    expect(cellText(field('class', { code_list: 'land' }), '0703', words)).toBe('农村宅基地（0703）');
    expect(cellText(field('a'), null, words)).toBe('');
  });
});

describe('unitText', () => {
  it('names every unit in words, and tells money for something in yuan', () => {
    const rent = { ...field('rent'), type: 'integer', unit: 'fen/m2' } as Field;
    expect(unitText(rent, zh)).toBe('元/平方米');
    expect(valueText(rent, 1250, words)).toBe('12.5 元/平方米');
    expect(cellText(rent, 1250, words)).toBe('12.5');
    expect(unitText({ unit: 'min' }, zh)).toBe('分钟');
  });
});

describe('titleOf', () => {
  const layer: Layer = {
    id: 'building',
    title: { zh: '房屋', en: 'Building' },
    theme: 'four_standards',
    geometry: 'polygon',
    label: 'address',
    code: 'code',
    fields: [field('code'), field('address')],
  };
  it('prefers the label, then the code, then the id', () => {
    expect(titleOf(layer, { address: '东华路 1 号', code: '7' }, 'x')).toBe('东华路 1 号');
    expect(titleOf(layer, { address: '', code: '7' }, 'x')).toBe('7');
    expect(titleOf(undefined, {}, 'x')).toBe('x');
  });

  it('keeps the catalog’s order of fields, unknown ones last', () => {
    const rows = rowsOf(layer, { extra: 1, address: 'a', code: 'c', id: 'i' });
    expect(rows.map((row) => row.field.name)).toEqual(['code', 'address', 'extra']);
  });
});

describe('secondLine', () => {
  it('says who answers for it and how it stands, not what the title says already', () => {
    expect(secondLine(undefined, { name: '第3网格', code: 'G3', worker: '陈某' }, 'g', words)).toBe(
      '网格员 陈某',
    );
    expect(secondLine(undefined, { name: '地块', code: 'L1' }, 'l', words)).toBe('L1');
    expect(secondLine(undefined, { code: 'L1' }, 'l', words)).toBe('');
  });
});
