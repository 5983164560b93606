import { describe, expect, it } from 'vitest';
import { paddingOf } from './padding';

const box = (left: number, top: number, width: number, height: number) => ({
  left,
  top,
  width,
  height,
  right: left + width,
  bottom: top + height,
});

describe('paddingOf', () => {
  const stage = box(0, 56, 1440, 844);
  it('leaves the strip between the side panels and the table', () => {
    const padding = paddingOf(stage, [
      { side: 'left', box: box(12, 68, 304, 500) },
      { side: 'right', box: box(1060, 68, 368, 500) },
      { side: 'bottom', box: box(12, 588, 1416, 300) },
    ]);
    expect(padding.left).toBe(336);
    expect(padding.right).toBe(400);
    expect(padding.bottom).toBe(332);
  });

  it('takes a panel over the whole width for a sheet from below', () => {
    const phone = box(0, 56, 390, 732);
    const padding = paddingOf(phone, [{ side: 'right', box: box(0, 420, 390, 368) }]);
    expect(padding.right).toBe(24);
    expect(padding.bottom).toBe(388);
  });

  it('keeps clear of a bar at the top, however wide', () => {
    const phone = box(0, 56, 390, 732);
    const padding = paddingOf(phone, [{ side: 'top', box: box(8, 100, 374, 140) }]);
    expect(padding.top).toBe(240 - 56 + 20);
    expect(padding.bottom).toBe(24);
  });

  it('always leaves some room', () => {
    const padding = paddingOf(box(0, 0, 400, 300), [{ side: 'bottom', box: box(0, 10, 400, 290) }]);
    expect(padding.top + padding.bottom).toBeLessThan(300);
  });
});
