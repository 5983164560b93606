import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Text } from '../api';
import * as api from '../api';

/** Which layers have a process. Asked once: a machine changes with a start of the server. */
export const useProcesses = defineStore('processes', () => {
  const all = shallowRef<{ layer: string; version: string; title: Text }[]>([]);
  /** Whether the machines are shown as diagrams. */
  const shown = ref(false);
  let asked: Promise<void> | null = null;

  /** Asks for them, where that was not done yet. */
  function load(): Promise<void> {
    asked ??= api.processes().then(
      (found) => {
        all.value = found;
      },
      () => {
        asked = null; // asked again with the next feature that is opened
      },
    );
    return asked;
  }

  const has = (layer: string | undefined) => all.value.some((process) => process.layer === layer);

  return { all, shown, load, has };
});
