import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { BaseMap } from '../api';
import * as api from '../api';
import { stage } from '../map/current';

/** The base maps that the server offers, which one is on, and whether it fails. */
export const useBaseMaps = defineStore('basemaps', () => {
  const list = shallowRef<BaseMap[]>([]);
  const current = ref<string | null>(null);
  const failed = ref(false);
  const chosen = computed(() => list.value.find((base) => base.id === current.value) ?? null);

  async function load(wanted?: string): Promise<void> {
    try {
      list.value = await api.baseMaps();
    } catch {
      list.value = []; // the map is whole without; the menu says that there is none
    }
    if (wanted) await choose(wanted);
  }

  async function choose(id: string | null): Promise<void> {
    failed.value = false;
    current.value = list.value.some((base) => base.id === id) ? id : null;
    await stage.value?.setBase(chosen.value, api.address);
  }

  /** The next one in the list, none after the last. */
  function next(): Promise<void> {
    const ids = [null, ...list.value.map((base) => base.id)];
    return choose(ids[(ids.indexOf(current.value) + 1) % ids.length] ?? null);
  }

  return { list, current, chosen, failed, load, choose, next };
});
