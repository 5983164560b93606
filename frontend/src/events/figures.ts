import { defineStore } from 'pinia';
import { computed, reactive, shallowRef } from 'vue';
import type { EventCount, EventRow, EventTotals } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';

/** Rows of a drilled figure that one request brings. */
const MOST = 200;

/** The figures of the events of a period, grouped, and the events behind one of them. */
export const useEventFigures = defineStore('event-figures', () => {
  const asked = reactive({ by: 'type', from: '', to: '' });
  const totals = shallowRef<EventTotals | null>(null);
  /** The events behind a figure, and of which group. */
  const drilled = shallowRef<{
    figure: EventCount;
    key: string | null;
    matched: number;
    rows: EventRow[];
  } | null>(null);
  /** What is listed, or about to be. */
  let wanted: { figure: EventCount; key: string | null } | null = null;
  const counting = useNewest();
  const listing = useNewest();

  /** Counts what is asked, and lists anew what is listed of it. */
  async function load(quiet = false): Promise<void> {
    const before = wanted;
    await Promise.all([
      counting.ask((signal) => api.eventTotals({ ...asked }, signal), totals, quiet),
      before && drill(before.figure, before.key, quiet),
    ]);
  }

  /** Lists the events that a count is made of, of all or of one group. */
  async function drill(figure: EventCount, key: string | null = null, quiet = false): Promise<void> {
    wanted = { figure, key };
    await listing.ask(
      (signal) => api.events({ ...narrowed(key), figure }, MOST, signal),
      ({ matched, rows }) => {
        drilled.value = { figure, key, matched, rows };
      },
      quiet,
    );
  }

  /** Puts the list away; what of it is still on its way does not come any more. */
  function close(): void {
    listing.giveUp();
    wanted = null;
    drilled.value = null;
  }

  function narrowed(key: string | null): api.EventsAsked {
    if (key === null) return { from: asked.from, to: asked.to };
    if (asked.by !== 'month') return { from: asked.from, to: asked.to, [asked.by]: key };
    const [year = 0, month = 0] = key.split('-').map(Number);
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
    return { from: `${key}-01`, to: `${key}-${String(last).padStart(2, '0')}` };
  }

  const error = computed(() => counting.error.value ?? listing.error.value);
  return { asked, totals, drilled, error, busy: counting.busy, load, drill, close };
});
