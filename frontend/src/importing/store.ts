import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { ImportState, ImportWishes } from '../api';
import * as api from '../api';
import { useAccess } from '../editing/access';
import { useSaving } from '../editing/saving';
import { useLanguage } from '../language';
import { useLayers } from '../layers/store';
import { useShell } from '../shell/store';
import { guessLayer } from './guess';

/** Milliseconds between questions how far the server is. */
const ASK = 300;

const NOTHING_WISHED: ImportWishes = {
  layer: '',
  crs: '',
  encoding: '',
  id_column: '',
  table: '',
  swap_axes: false,
  fields: {},
  constants: {},
  codes: {},
};

const hasValues = ({ fields, constants, codes }: ImportWishes) =>
  [fields, constants, codes].some((wished) => Object.keys(wished).length > 0);

/** Files on their way into a layer: chosen, sent, checked, written, taken back. */
export const useImporting = defineStore('importing', () => {
  const layers = useLayers();
  const shell = useShell();
  const saving = useSaving();
  const access = useAccess();
  const { t } = useLanguage();

  const files = shallowRef<File[]>([]);
  const wishes = ref<ImportWishes>({ ...NOTHING_WISHED });
  const job = shallowRef<ImportState | null>(null);
  /** How much has been sent, from 0 to 1; null while nothing is sent. */
  const sent = ref<number | null>(null);
  const error = shallowRef<unknown>(null);
  const partial = ref(false);
  const undone = ref(false);
  let sending: AbortController | null = null;
  let asked = 0;

  const busy = computed(
    () => sent.value !== null || job.value?.state === 'checking' || job.value?.state === 'writing',
  );
  const counts = computed(() => job.value?.report?.counts);
  /** How many features writing would add or change. */
  const fruit = computed(() => (counts.value ? counts.value.added + counts.value.changed : 0));
  const canWrite = computed(
    () =>
      job.value?.state === 'ready' &&
      fruit.value > 0 &&
      (partial.value || (counts.value?.refused ?? 0) === 0),
  );

  /** Opens the import of files into a layer, which they are then not asked for. */
  async function into(layer: string): Promise<void> {
    await reset();
    wishes.value = { ...wishes.value, layer };
    shell.side = 'import';
  }

  /** Takes files that were chosen or dropped. Where their layer is wished or told by a name, the check begins at once. */
  async function take(chosen: File[]): Promise<void> {
    if (chosen.length === 0 || !(await saving.leave())) return;
    const wished = files.value.length === 0 ? wishes.value.layer : '';
    await reset();
    files.value = chosen;
    shell.side = 'import';
    const open = (layers.catalog?.layers ?? []).filter((layer) => access.may('import', layer.id));
    const names = chosen.map((file) => file.name);
    wishes.value = { ...wishes.value, layer: wished || (guessLayer(names, open) ?? '') };
    if (wishes.value.layer) await check();
  }

  /** Sends the files, or has those that were sent checked again with other wishes. */
  async function check(): Promise<void> {
    if (!wishes.value.layer || files.value.length === 0) return;
    error.value = null;
    partial.value = false;
    const sendsFirst = !job.value;
    try {
      if (job.value) {
        job.value = await api.goOnWithImport(job.value.token, { ...wishes.value });
      } else {
        sending = new AbortController();
        sent.value = 0;
        job.value = await api.beginImport(
          files.value,
          wishes.value,
          (share) => {
            sent.value = share;
          },
          sending.signal,
        );
      }
      sent.value = null;
      await follow();
      // Values are wished beside files that are there already.
      if (job.value && sendsFirst && hasValues(wishes.value)) {
        job.value = await api.goOnWithImport(job.value.token, { ...wishes.value });
        await follow();
      }
    } catch (reason) {
      sent.value = null;
      if (!api.isAborted(reason)) error.value = reason;
    }
  }

  /** Another layer has other fields: what was wished of the old ones is forgotten. */
  function rest(): Promise<void> {
    wishes.value = { ...wishes.value, fields: {}, constants: {}, codes: {} };
    return check();
  }

  async function write(): Promise<void> {
    if (!job.value || !canWrite.value) return;
    error.value = null;
    try {
      job.value = await api.goOnWithImport(job.value.token, { commit: true, accept_partial: partial.value });
      await follow();
      const layer = job.value?.layer;
      if (job.value?.state === 'done' && layer && layers.looks[layer]) layers.setVisible(layer, true);
    } catch (reason) {
      error.value = reason;
    }
  }

  /** Asks how far it is until it waits for the reader. */
  async function follow(): Promise<void> {
    const mine = ++asked;
    while (job.value && (job.value.state === 'checking' || job.value.state === 'writing')) {
      await new Promise((resolve) => setTimeout(resolve, ASK));
      if (mine !== asked || !job.value) return;
      job.value = await api.importState(job.value.token);
    }
  }

  /** Takes a written import back. */
  async function undo(): Promise<void> {
    const batch = job.value?.report?.batch;
    if (!batch) return;
    error.value = null;
    try {
      await api.revertBatch(
        batch,
        `${t.value.importing.undo}：${files.value.map((file) => file.name).join('、')}`,
      );
      undone.value = true;
    } catch (reason) {
      error.value = reason;
    }
  }

  async function reset(): Promise<void> {
    sending?.abort();
    asked += 1;
    const token = job.value && job.value.state !== 'writing' ? job.value.token : null;
    files.value = [];
    job.value = null;
    sent.value = null;
    error.value = null;
    partial.value = false;
    undone.value = false;
    wishes.value = { ...NOTHING_WISHED };
    // Where the server cannot be told, it forgets by itself.
    if (token) await api.forgetImport(token).catch(() => {});
  }

  async function close(): Promise<void> {
    await reset();
    if (shell.side === 'import') shell.side = null;
  }

  return {
    files,
    wishes,
    job,
    sent,
    error,
    partial,
    undone,
    busy,
    counts,
    fruit,
    canWrite,
    into,
    take,
    check,
    rest,
    write,
    undo,
    close,
  };
});
