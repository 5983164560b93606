import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import * as api from '../api';
import { useLanguage } from '../language';

/** A change set of this page that can be taken back, or written again. */
interface Done {
  changeSet: number;
  text: string;
}

/** What this page wrote: undo and redo of whole change sets, each a change set of its own. */
export const useDone = defineStore('done', () => {
  const { t } = useLanguage();
  const done = shallowRef<Done[]>([]);
  const takenBack = shallowRef<Done[]>([]);
  const busy = ref(false);
  const error = shallowRef<unknown>(null);

  function add(committed: Pick<api.Committed, 'change_set'>, text: string): void {
    if (committed.change_set !== null)
      done.value = [...done.value, { changeSet: committed.change_set, text }];
    takenBack.value = [];
    error.value = null;
  }

  async function revert(what: Done): Promise<Done | null> {
    busy.value = true;
    error.value = null;
    try {
      const committed = await api.revertChangeSet(
        what.changeSet,
        `${t.value.editing.takenBack}：${what.text}`,
      );
      return { changeSet: committed.change_set ?? what.changeSet, text: what.text };
    } catch (reason) {
      error.value = reason;
      return null;
    } finally {
      busy.value = false;
    }
  }

  /** Takes back what was written last. */
  async function takeBack(): Promise<void> {
    const last = done.value.at(-1);
    if (!last || busy.value) return;
    const undone = await revert(last);
    if (!undone) return;
    done.value = done.value.slice(0, -1);
    takenBack.value = [...takenBack.value, undone];
  }

  /** Writes again what was taken back last. */
  async function bringAgain(): Promise<void> {
    const last = takenBack.value.at(-1);
    if (!last || busy.value) return;
    const again = await revert(last);
    if (!again) return;
    takenBack.value = takenBack.value.slice(0, -1);
    done.value = [...done.value, again];
  }

  return { done, takenBack, busy, error, add, takeBack, bringAgain };
});
