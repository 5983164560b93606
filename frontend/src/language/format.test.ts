import { describe, expect, it } from 'vitest';
import { areaText, areaUnits, lengthText, moneyText, number, timeText } from './format';
import { zh } from './zh';

describe('units', () => {
  it('turn areas exactly: 1 公顷 = 15 亩 = 10 000 平方米', () => {
    expect(areaUnits(10_000, zh)).toEqual([
      { value: '10,000', unit: '平方米' },
      { value: '15', unit: '亩' },
      { value: '1', unit: '公顷' },
    ]);
    expect(areaText(25_000_000, zh)).toBe('25 平方公里');
    expect(areaText(123.456, zh)).toBe('123.46 平方米');
  });

  it('write money kept in 分', () => {
    expect(moneyText(2_727_500_000, zh)).toBe('2,727.5 万元');
    expect(moneyText(123_456, zh)).toBe('1,234.56 元');
    expect(moneyText(-5_000_000_00, zh)).toBe('-500 万元');
  });

  it('write lengths', () => {
    expect(lengthText(12.345, zh)).toBe('12.35 米');
    expect(lengthText(12_345.6, zh)).toBe('12.346 公里');
  });

  it('say nothing of what is no number', () => {
    expect(number(Number.NaN)).toBe('—');
    expect(timeText('not a time')).toBe('not a time');
  });
});
