import { describe, expect, it } from 'vitest';
import { faultsOf, inWords } from './refusals';

const refusal = (row: number, field: string | undefined, reason: string) => ({
  file: '规划.zip',
  row,
  ...(field ? { field } : {}),
  reason,
  message: '',
});

describe('refused rows', () => {
  it('are told once for each thing that is wrong', () => {
    const empty = '规划成果（plan）：不能为空';
    const faults = faultsOf([
      refusal(1, 'plan', empty),
      refusal(1, '图层（class_code）', '“R2”不在“用地用海分类”之列'),
      refusal(2, 'plan', empty),
      refusal(5, undefined, empty),
    ]);
    expect(faults.map(({ field, rows }) => [field, rows])).toEqual([
      ['plan', [1, 2]],
      ['图层（class_code）', [1]],
      ['', [5]],
    ]);
  });

  it('name their fields as the page does', () => {
    const labelOf = (name: string) => ({ plan: '规划成果', class_code: '用地代码' })[name];
    expect(inWords('plan', labelOf)).toBe('规划成果');
    expect(inWords('图层（class_code）', labelOf)).toBe('图层（用地代码）');
    expect(inWords('规划成果（plan）：不能为空', labelOf)).toBe('规划成果：不能为空');
    expect(inWords('坐标（x）超出范围', labelOf)).toBe('坐标（x）超出范围');
  });
});
