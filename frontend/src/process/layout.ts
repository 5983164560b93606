/** The drawing of a machine: states down a line, steps as arcs beside it. */
import type { Machine } from '../api';

export interface Arc {
  id: string;
  from: string;
  to: string;
  /** SVG path. */
  path: string;
  back: boolean;
  auto: boolean;
}

export interface Drawn {
  nodes: { code: string; y: number }[];
  arcs: Arc[];
  width: number;
  height: number;
}

export const ROW = 46;
/** Where the boxes of the states stand, left and right. */
export const LEFT = 150;
export const RIGHT = 340;

/**
 * Lays a machine out: its states in their own order from above, steps onward as arcs on the right, steps back
 * on the left. Steps that stay in a state or go back from a stop have no arc.
 */
export function layout(machine: Pick<Machine, 'states' | 'transitions'>): Drawn {
  const nodes = machine.states.map((state, index) => ({ code: state.code, y: 30 + index * ROW }));
  const place = new Map(nodes.map((node) => [node.code, node.y]));
  const arcs: Arc[] = [];
  let widest = 0;
  for (const step of machine.transitions) {
    for (const from of step.from) {
      const [a, b] = [place.get(from), place.get(step.to)];
      if (a === undefined || b === undefined || a === b) continue;
      const back = b < a;
      const reach = Math.min(120, 14 + (Math.abs(b - a) / ROW) * 11);
      if (!back) widest = Math.max(widest, reach);
      const x = back ? LEFT : RIGHT;
      const bow = back ? x - reach : x + reach;
      const [start, end] = back ? [a - 6, b + 6] : [a + 6, b - 6];
      arcs.push({
        id: `${step.id}-${from}`,
        from,
        to: step.to,
        path: `M${x} ${start}C${bow} ${start} ${bow} ${end} ${x} ${end}`,
        back,
        auto: step.auto,
      });
    }
  }
  return { nodes, arcs, width: RIGHT + widest + 10, height: 30 + nodes.length * ROW };
}
