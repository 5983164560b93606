import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import * as api from '../api';
import { useSession } from '../session/store';

/** OGC API Features Part 4: the server takes changes, keeps their history and tells of them. */
const CHANGES = 'http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete';

/** What the server can be asked to change, and what this reader may. */
export const useAccess = defineStore('access', () => {
  const session = useSession();
  /** Whether the server takes changes at all. */
  const records = ref(false);
  const user = computed(() => session.session?.user ?? null);
  const writable = computed(() => records.value && session.session?.read_only === false);
  const mayChange = computed(() => writable.value && session.session?.rights.change === true);

  async function load(): Promise<void> {
    const { conformsTo } = await api.conformance();
    records.value = conformsTo.includes(CHANGES);
  }

  /** Whether a layer's features may be treated so: `view`, `create`, `edit`, `delete`, `import`, `export`. */
  function may(action: string, layer: string | undefined): boolean {
    const reads = action === 'view' || action === 'export';
    if (!layer || !(reads || writable.value)) return false;
    return session.session?.rights.layers[layer]?.includes(action) ?? false;
  }

  return { records, user, mayChange, may, load };
});
