import { describe, expect, it } from 'vitest';
import type { Machine } from '../api';
import { LEFT, layout, RIGHT } from './layout';

const state = (code: string) => ({ code }) as Machine['states'][number];
const step = (id: string, from: string[], to: string) =>
  ({ id, from, to, auto: false }) as Machine['transitions'][number];

describe('the drawing of a machine', () => {
  const drawn = layout({
    states: ['10', '20', '30'].map(state),
    transitions: [step('on', ['10', '20'], '30'), step('again', ['30'], '10'), step('note', ['20'], 'same')],
  });

  it('has every state once, in order', () => {
    expect(drawn.nodes.map((node) => node.code)).toEqual(['10', '20', '30']);
    const heights = drawn.nodes.map((node) => node.y);
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
  });

  it('has an arc for each way between two states, onward on the right and back on the left', () => {
    expect(drawn.arcs.map(({ from, to, back }) => [from, to, back])).toEqual([
      ['10', '30', false],
      ['20', '30', false],
      ['30', '10', true],
    ]);
    const sides = drawn.arcs.map((arc) => arc.path.startsWith(`M${arc.back ? LEFT : RIGHT} `));
    expect(sides).toEqual([true, true, true]);
  });
});
