import { defineStore } from 'pinia';
import { ref, watch } from 'vue';

/** What fills the panel on the right, or the sheet on a phone. */
export type Side =
  | 'inspector'
  | 'panels'
  | 'statistics'
  | 'editing'
  | 'enforcement'
  | 'spots'
  | 'scattered'
  | 'import'
  | 'printing'
  | 'report'
  | 'renewal'
  | null;

/** Below this width panels become sheets from the bottom. */
const NARROW = '(max-width: 760px)';

/** Which panels are open, and whether the screen is narrow. */
export const useShell = defineStore('shell', () => {
  const query = window.matchMedia?.(NARROW);
  const narrow = ref(query?.matches ?? false);
  query?.addEventListener('change', (event) => {
    narrow.value = event.matches;
  });

  const layersOpen = ref(!narrow.value);
  const side = ref<Side>(null);
  const tableOpen = ref(false);
  const deskOpen = ref(false);
  const keysOpen = ref(false);
  const menuOpen = ref(false);
  const online = ref(true);

  // A phone has room for one sheet: the last one opened.
  watch(layersOpen, (open) => {
    if (open && narrow.value) {
      side.value = null;
      tableOpen.value = false;
      deskOpen.value = false;
      menuOpen.value = false;
    }
  });
  // The table and the desk lie in one place.
  for (const [one, other] of [
    [tableOpen, deskOpen],
    [deskOpen, tableOpen],
  ] as const) {
    watch(one, (open) => {
      if (!open) return;
      other.value = false;
      if (!narrow.value) return;
      side.value = null;
      layersOpen.value = false;
      menuOpen.value = false;
    });
  }
  watch(side, (open) => {
    if (open && narrow.value) {
      layersOpen.value = false;
      tableOpen.value = false;
      deskOpen.value = false;
      menuOpen.value = false;
    }
  });
  watch(narrow, (now) => {
    if (now) layersOpen.value = false;
  });

  return { narrow, layersOpen, side, tableOpen, deskOpen, keysOpen, menuOpen, online };
});
