import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Paper, PrintedSheet, Sheet, SheetList } from '../api';
import * as api from '../api';
import { useNewest } from '../api/newest';
import { useShell } from '../shell/store';

/** A print that somebody holds: the sheet, and the number of the last change that it shows. */
export interface Print {
  sheet: string;
  at: number;
}

/** Map sheets on paper: which there are, how to have them, and whether a print still holds. */
export const usePrinting = defineStore('printing', () => {
  const shell = useShell();
  const list = shallowRef<SheetList | null>(null);
  const listing = useNewest();
  const { status } = listing;
  const paper = ref<Paper | null>(null);
  const grid = ref('');
  /** The print whose code was read. */
  const print = shallowRef<Print | null>(null);
  const printed = shallowRef<PrintedSheet | null>(null);
  const checking = useNewest();
  /** How many of the sheets asked for are there. */
  const progress = shallowRef<{ done: number; all: number } | null>(null);
  let fetching: AbortController | null = null;

  const grids = computed(() => {
    const found = new Map<string, string>();
    for (const sheet of list.value?.sheets ?? []) if (sheet.grid) found.set(sheet.grid.id, sheet.grid.name);
    return [...found].map(([id, name]) => ({ id, name }));
  });
  const shown = computed<Sheet[]>(() =>
    (list.value?.sheets ?? []).filter((sheet) => !grid.value || sheet.grid?.id === grid.value),
  );

  async function load(quiet = false): Promise<void> {
    await listing.ask(
      api.sheets,
      (found) => {
        list.value = found;
        if (grid.value && !grids.value.some(({ id }) => id === grid.value)) grid.value = '';
      },
      quiet,
    );
  }

  async function check(quiet = false): Promise<void> {
    const of = print.value;
    if (!of) return;
    const came = await checking.ask((signal) => api.printedSheet(of.sheet, of.at, signal), printed, quiet);
    if (came === 'failed') printed.value = null;
  }

  function open(): void {
    shell.side = 'printing';
    if (!list.value) void load();
  }

  /** Says how a print stands: its code was read. */
  async function openPrint(of: Print): Promise<void> {
    print.value = of;
    printed.value = null;
    open();
    await check();
  }

  function forgetPrint(): void {
    checking.giveUp();
    print.value = null;
    printed.value = null;
  }

  /** Something changed on the server. */
  function reread(): void {
    if (status.value === 'ready') void load(true);
    void check(true);
  }

  /** Fetches the shown sheets one after the other; none where it was stopped. */
  async function fetchAll(): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }[] | null> {
    const wanted = shown.value;
    const mine = new AbortController();
    fetching = mine;
    progress.value = { done: 0, all: wanted.length };
    try {
      const files: { name: string; bytes: Uint8Array<ArrayBuffer> }[] = [];
      for (const sheet of wanted) {
        const bytes = await api.sheetDocument(sheet.id, paper.value, mine.signal);
        files.push({ name: `${sheet.code}.pdf`, bytes });
        progress.value = { done: files.length, all: wanted.length };
      }
      return files;
    } catch (reason) {
      if (api.isAborted(reason)) return null;
      throw reason;
    } finally {
      progress.value = null;
    }
  }

  return {
    list,
    status,
    error: listing.error,
    paper,
    grid,
    grids,
    shown,
    print,
    printed,
    printError: checking.error,
    progress,
    load: () => load(),
    open,
    openPrint,
    check: () => check(),
    forgetPrint,
    reread,
    fetchAll,
    stop: () => fetching?.abort(),
  };
});
