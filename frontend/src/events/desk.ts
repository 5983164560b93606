import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { Machine, ProcessAsks, StepsTaken, Waiting } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { stage } from '../map/current';
import { useSession } from '../session/store';
import { useShell } from '../shell/store';
import { bulkSteps, color, fits, type Scope } from './waiting';

/** The layer whose events are worked at. */
export const EVENTS = 'grid_event';

/** Fields that the list shows beside. */
const SHOWN = ['type', 'level', 'department', 'urgency'];

/** The desk: what is under way, the soonest due first, filtered, ticked, and marked on the map. */
export const useDesk = defineStore('desk', () => {
  const session = useSession();
  const shell = useShell();

  const machine = shallowRef<Machine | null>(null);
  const rows = shallowRef<Waiting[]>([]);
  const { status, error, ask } = useNewest();
  /** Whether the account works at events; who only reports follows what was reported. */
  const works = computed(
    () => session.session?.rights.layers[EVENTS]?.some((act) => act === 'edit' || act === 'approve') === true,
  );
  const scope = ref<Scope>(works.value ? 'mine' : 'all');
  const filters = ref({ state: '', type: '', grid: '', level: '' });
  const picked = ref<Set<string>>(new Set());
  const outcome = shallowRef<StepsTaken | null>(null);
  const now = ref(Date.now());
  let ticking: ReturnType<typeof setInterval> | undefined;

  const role = computed(() => session.session?.role?.id ?? '');
  const shown = computed(() =>
    rows.value.filter((row) => fits(row, scope.value, filters.value, machine.value, role.value)),
  );
  const chosen = computed(() => rows.value.filter((row) => picked.value.has(row.id)));
  /** The steps that all those ticked can take together. */
  const steps = computed<ProcessAsks[]>(() => bulkSteps(machine.value, chosen.value, role.value));

  async function load(quiet = false): Promise<void> {
    await ask(
      async (signal) => {
        machine.value ??= await api.machine(EVENTS);
        return api.waiting(EVENTS, SHOWN, signal);
      },
      (read) => {
        rows.value = read.rows;
        now.value = Date.now();
        const there = new Set(read.rows.map((row) => row.id));
        picked.value = new Set([...picked.value].filter((id) => there.has(id)));
      },
      quiet,
    );
  }

  function open(): void {
    shell.deskOpen = true;
  }

  function pick(ids: string[], on: boolean): void {
    const next = new Set(picked.value);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    picked.value = next;
    outcome.value = null;
  }

  /** Takes a step with all that are ticked; what was refused stays ticked. */
  async function take(step: string, given: { note: string; fields: Record<string, unknown> }, key: string) {
    const items = chosen.value.map(({ id, version }) => ({ id, version }));
    const came = await api.takeSteps(EVENTS, step, items, given, key);
    outcome.value = came;
    const refused = came.results.filter((one) => !one.taken).map((one) => one.id);
    picked.value = new Set(refused);
    await load(true);
  }

  // Those of the list are marked on the map, by how much time is left.
  watch([shown, () => shell.deskOpen, now], ([list, open]) => {
    const spots = list.flatMap((row) =>
      row.place ? [{ id: row.id, at: row.place, color: color(row, now.value) }] : [],
    );
    void stage.value?.spots(open ? spots : null);
  });
  watch(
    () => shell.deskOpen,
    (open) => {
      clearInterval(ticking);
      if (!open) return;
      ticking = setInterval(() => {
        now.value = Date.now();
      }, 30_000);
    },
  );

  return {
    machine,
    rows,
    shown,
    chosen,
    steps,
    status,
    error,
    scope,
    works,
    filters,
    picked,
    outcome,
    now,
    load: () => load(),
    reload: () => load(true),
    open,
    pick,
    take,
  };
});
