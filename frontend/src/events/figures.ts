import { defineStore } from 'pinia';
import { reactive, ref, shallowRef } from 'vue';
import type { EventCount, EventRow, EventTotals } from '../api';
import * as api from '../api';

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
  const busy = ref(false);

  async function load(): Promise<void> {
    totals.value = await api.eventTotals({ ...asked });
    if (drilled.value) await drill(drilled.value.figure, drilled.value.key);
  }

  /** Lists the events that a count is made of, of all or of one group. */
  async function drill(figure: EventCount, key: string | null = null): Promise<void> {
    busy.value = true;
    try {
      const { matched, rows } = await api.events({ ...narrowed(key), figure }, MOST);
      drilled.value = { figure, key, matched, rows };
    } finally {
      busy.value = false;
    }
  }

  function narrowed(key: string | null): api.EventsAsked {
    if (key === null) return { from: asked.from, to: asked.to };
    if (asked.by !== 'month') return { from: asked.from, to: asked.to, [asked.by]: key };
    const [year = 0, month = 0] = key.split('-').map(Number);
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
    return { from: `${key}-01`, to: `${key}-${String(last).padStart(2, '0')}` };
  }

  return { asked, totals, drilled, busy, load, drill };
});
