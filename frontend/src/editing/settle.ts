/** An edit brought together with what others did meanwhile. */
import type { Item } from '../api';
import * as api from '../api';
import { type Difference, differences, firstChoice, resolved, type Side } from './conflict';
import { equal } from './geometry/outline';
import { featureOf, type Held, MAIN, open, type Session, type State } from './session';

interface Version {
  item: Item;
  version: number;
}

/** What others changed of what is edited, and whose value each field is to have. */
export interface Conflict {
  /** The feature as it is now; null where only neighbours were changed. */
  theirs: Version | null;
  differences: Difference[];
  choices: Record<string, Side | null>;
  /** Neighbours that were changed. */
  others: Version[];
}

/** Reads anew what is edited. */
export async function readConflict(session: Session, state: State): Promise<Conflict> {
  const { layer, held, others } = session;
  const theirs = held ? await api.versioned(layer.id, held.id) : null;
  const read = await Promise.all([...others.keys()].map((id) => api.versioned(layer.id, id)));
  return compared(session, state, theirs, read);
}

/** What differs of what was read. */
export function compared(session: Session, state: State, now: Version | null, others: Version[]): Conflict {
  const { layer, held } = session;
  const theirs = now && now.version !== held?.version ? now : null;
  const found = theirs && held ? differences(layer, held.base, featureOf(session, state), theirs.item) : [];
  return {
    theirs,
    differences: found,
    choices: Object.fromEntries(found.map((difference) => [difference.field, firstChoice(difference)])),
    others: others.filter(({ item, version }) => session.others.get(String(item.id))?.version !== version),
  };
}

/** The edit as it goes on: from what is there now, with what was chosen of mine. */
export function settle(
  session: Session,
  state: State,
  conflict: Conflict,
): { session: Session; state: State } {
  const { theirs, others: newer, choices } = conflict;
  const held: Held | null =
    theirs && session.held ? { ...session.held, version: theirs.version, base: theirs.item } : session.held;
  const others = [...session.others.values()].map((other) => {
    const found = newer.find(({ item }) => String(item.id) === other.id);
    return found ? { id: other.id, version: found.version, base: found.item } : other;
  });
  const next = open(session.layer, held, others, session.initial.values);
  const values = theirs ? resolved(theirs.item, conflict.differences, choices).properties : state.values;
  const outlines = new Map(next.initial.outlines);
  const mine = state.outlines.get(MAIN);
  const moved = !equal(mine ?? null, session.initial.outlines.get(MAIN) ?? null);
  if (mine && moved && choices.geometry !== 'theirs') {
    outlines.set(MAIN, mine);
    for (const [key, shape] of state.outlines) {
      // A neighbour that somebody else moved stays as they left it.
      if (key !== MAIN && !newer.some(({ item }) => String(item.id) === key)) outlines.set(key, shape);
    }
  }
  return { session: next, state: { outlines, values } };
}
