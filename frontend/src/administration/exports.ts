import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Layer } from '../api';
import { useSession } from '../session/store';

/** What a path of a file asks for: the parts of its query in the order in which they stand. */
export function selected(path: string): { name: string; value: string }[] {
  const query = path.includes('?') ? path.slice(path.indexOf('?')) : '';
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}

/** What one wants to take away with personal data in it, until it is asked for. */
export const useExports = defineStore('exports', () => {
  const session = useSession();
  const open = ref(false);
  /** Paths of the files wanted; empty where the requests are only looked at. */
  const wanted = shallowRef<string[]>([]);

  /** Whether one can ask: with an account, and where the file can be written. */
  const possible = computed(() => session.session?.user !== null && session.session?.read_only !== true);

  /** Whether files with something personal in them are asked for: one's own file has no second person. */
  const needed = computed(() => session.session?.accounts === true);

  /** What the files wanted are called, where more is known than their paths. */
  const names = shallowRef<string[]>([]);

  /** Opens the form for files by their addresses or paths. */
  function ask(addresses: string[], called: string[] = []): void {
    names.value = called;
    wanted.value = addresses.map((address) => {
      const url = new URL(address, document.baseURI);
      const base = new URL('.', document.baseURI).pathname;
      return `/${url.pathname.slice(base.length)}${url.search}`;
    });
    open.value = true;
  }

  /** Whether a file of a layer has something personal in it, once that is approved. */
  const isPersonal = (layer: Layer | undefined): boolean =>
    layer?.personal === true ||
    (layer?.fields.some(
      (field) =>
        (field.sensitivity === 'personal' || field.sensitivity === 'sensitive') && field.mask !== 'hidden',
    ) ??
      false);

  return { open, wanted, names, possible, needed, ask, isPersonal };
});
