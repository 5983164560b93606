import { describe, expect, it } from 'vitest';
import type { Item } from '../api';
import { sourcesOf, sums } from './sources';

const item = (name: string, value: number, unit: string, source: string): Item => ({
  type: 'Feature',
  id: name,
  geometry: null,
  properties: { name, value, unit, source, period: '2023-01', as_of: '2023-06-30' },
});

describe('sources that disagree', () => {
  it('stand side by side with the sum of those that belong together', () => {
    const sources = sourcesOf([
      item('户籍人口', 1867, '人', '简报'),
      item('外来人员（约）', 8500, '人', '简报'),
      item('居住人员台账', 11608, '人', '台账'),
      item('在册党员', 118, '人', '简报'),
      item('合同金额', 2727.5, '万元', '简报'),
    ]);
    expect(sources.map((one) => one.value)).toEqual([1867, 8500, 11608]);
    expect(sums(sources).map((one) => [one.name, one.value])).toEqual([['户籍人口 + 外来人员（约）', 10367]]);
  });
});
