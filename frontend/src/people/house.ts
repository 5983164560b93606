import { defineStore } from 'pinia';
import { ulid } from 'ulid';
import { ref, shallowRef } from 'vue';
import * as api from '../api';
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
  const status = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  const error = shallowRef<unknown>(null);
  /** What was done last here, while it can be taken back in one touch. */
  const last = ref<{ text: string; house: string } | null>(null);
  const busy = ref(false);
  /** Whether the last act waits on the device for a network. */
  const kept = ref(false);
  /** When what is shown was taken along, in ms; 0 where it comes from the server. */
  const copiedAt = ref(0);
  /** What was refused, in plain words. */
  const refused = ref('');
  let asking: AbortController | null = null;

  async function load(id: string): Promise<void> {
    const another = house.value?.id !== id;
    if (another) {
      house.value = null;
      status.value = 'loading';
      refused.value = '';
      last.value = null;
    }
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      house.value = await api.house(id, mine.signal);
      copiedAt.value = 0;
      status.value = 'ready';
    } catch (reason) {
      if (api.isAborted(reason)) return;
      if (another && reason instanceof api.ApiError && reason.kind === 'offline') {
        const copy = await along.house(id);
        if (asking !== mine) return;
        if (copy) {
          house.value = copy.house;
          copiedAt.value = along.taken?.at ?? 0;
          status.value = 'ready';
          return;
        }
      }
      // What stands there stands until the server can be asked again, unless the house is gone.
      if (!another && !(reason instanceof api.ApiError && reason.kind === 'not_found')) return;
      house.value = null;
      error.value = reason;
      status.value = 'failed';
    }
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
