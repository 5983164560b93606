import { describe, expect, it } from 'vitest';
import type { CodeList, Layer } from '../api';
import { legend } from './legend';

const text = (zh: string) => ({ zh, en: zh });
const layer = (list: string): Layer => ({
  id: 'land_use',
  title: text('用地'),
  theme: 'planning',
  geometry: 'polygon',
  style: { color: '#888888', color_by: 'class_code' },
  fields: [{ name: 'class_code', label: text('地类'), type: 'text', code_list: list }],
});

describe('legend', () => {
  it('lists the codes in order with their labels', () => {
    const list: CodeList = {
      id: 'kind',
      title: text('类'),
      codes: [
        { code: 'b', label: text('乙'), color: '#111111' },
        { code: 'a', label: text('甲') },
      ],
    };
    expect(legend(layer('kind'), { kind: list }).map((swatch) => swatch.code)).toEqual(['b', 'a']);
  });

  it('shows a long list by its broader codes', () => {
    const codes = [{ code: '01', label: text('耕地'), color: '#eeee00' }].concat(
      Array.from({ length: 30 }, (_, index) => ({
        code: `01${index}`,
        label: text(`细类${index}`),
        parent: '01',
        color: '#eeee00',
      })),
    );
    const swatches = legend(layer('long'), { long: { id: 'long', title: text('长'), codes } });
    expect(swatches).toEqual([{ code: '01', label: text('耕地'), color: '#eeee00' }]);
  });
});
