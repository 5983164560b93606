/** What somebody may report on the spot: a problem in the grid, or a clue of 两违. */
import { computed } from 'vue';
import { useAccess } from '../editing/access';

export type Subject = 'event' | 'clue';

/** Where a clue goes: a case in its first state, or a spot that an officer judges, by whoever may make neither more. */
export const CLUES = ['violation_case', 'violation_spot'] as const;

export function useSubjects() {
  const access = useAccess();
  return computed<Subject[]>(() => [
    ...(access.may('create', 'grid_event') ? (['event'] as const) : []),
    ...(CLUES.some((layer) => access.may('create', layer)) ? (['clue'] as const) : []),
  ]);
}
