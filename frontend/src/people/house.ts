import { defineStore } from 'pinia';
import { ulid } from 'ulid';
import { ref, shallowRef } from 'vue';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { useDone } from '../editing/done';
import { useLanguage } from '../language';
import { useTakenAlong } from '../offline/store';
import { useOutbox } from '../outbox/store';
import { failureText } from '../shell/failure';

/** Layers whose changes a house page shows. */
const SHOWN = [
  'building',
  'room',
  'person',
  'residence',
  'household',
  'visit',
  'rental_declaration',
  'violation_case',
  'contract',
  'grid_event',
  'grid',
  'party_area',
  'renewal_unit',
];

/** The house that is looked at, and what is done there: each act one change set that can be taken back. */
export const useHouse = defineStore('house', () => {
  const done = useDone();
  const outbox = useOutbox();
  const along = useTakenAlong();
  const { t, language } = useLanguage();

  const house = shallowRef<api.House | null>(null);
  const { status, error, ask } = useNewest();
  /** What was done last here, while it can be taken back in one touch. */
  const last = ref<{ text: string; house: string } | null>(null);
  const busy = ref(false);
  /** Whether the last act waits on the device for a network. */
  const kept = ref(false);
  /** When what is shown was taken along, in ms; 0 where it comes from the server. */
  const copiedAt = ref(0);
  /** What was refused, in plain words. */
  const refused = ref('');

  async function load(id: string): Promise<void> {
    const another = house.value?.id !== id;
    if (another) {
      house.value = null;
      refused.value = '';
      last.value = null;
    }
    const came = await ask(
      (signal) =>
        api.house(id, signal).then(
          (read) => ({ read, at: 0 }),
          (reason) => takenAlong(id, reason),
        ),
      ({ read, at }) => {
        house.value = read;
        copiedAt.value = at;
      },
      !another,
    );
    if (came === 'failed') house.value = null;
  }

  /** Without a network a house is what was taken along of it. */
  async function takenAlong(id: string, reason: unknown): Promise<{ read: api.House; at: number }> {
    const offline = reason instanceof api.ApiError && reason.kind === 'offline';
    const copy = offline && house.value?.id !== id ? await along.house(id) : null;
    if (!copy) throw reason;
    return { read: copy.house, at: along.taken?.at ?? 0 };
  }

  /** Reads again what is shown where one of its layers changed. */
  function changed(layers: Map<string, unknown>, everything: boolean): void {
    if (house.value && (everything || SHOWN.some((layer) => layers.has(layer)))) void load(house.value.id);
  }

  /** Writes an act; true where it was taken. A repeat after an answer that never came is harmless. */
  async function act(changes: api.Change[], text: string): Promise<boolean> {
    const of = house.value?.id;
    if (!of || busy.value) return false;
    busy.value = true;
    refused.value = '';
    kept.value = false;
    try {
      const committed = await api.commit(changes, text, ulid());
      done.add(committed, text);
      await load(of);
      last.value = { text, house: of };
      return true;
    } catch (reason) {
      if (reason instanceof api.ApiError && reason.kind === 'offline') {
        await keep(changes, text);
        return true;
      }
      refused.value = words(reason);
      // Somebody else was quicker: what is there now is shown.
      if (reason instanceof api.ApiError && reason.status === 412) await load(of);
      return false;
    } finally {
      busy.value = false;
    }
  }

  /** Keeps an act until there is a network. */
  async function keep(changes: api.Change[], reason: string): Promise<void> {
    await outbox.put([
      {
        method: 'POST',
        path: 'changes',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reason, changes }),
        title: `${reason} · ${String(house.value?.properties.address ?? '')}`,
      },
    ]);
    kept.value = true;
  }

  function words(reason: unknown): string {
    if (reason instanceof api.ApiError) {
      if (reason.status === 412) return t.value.people.late;
      const faults = reason.problem.errors?.map((fault) => api.half(fault.message, language.value));
      if (faults?.length) return faults.join('；');
    }
    return failureText(reason, t.value, language.value);
  }

  /** Takes the last act back. */
  async function takeBack(): Promise<void> {
    const was = last.value;
    if (!was || busy.value) return;
    busy.value = true;
    await done.takeBack();
    busy.value = false;
    if (done.error) {
      refused.value = words(done.error);
      return;
    }
    last.value = null;
    await load(was.house);
  }

  return { house, status, error, last, busy, refused, kept, copiedAt, load, changed, act, takeBack };
});
