import { onBeforeUnmount, onMounted } from 'vue';
import { useBaseMaps } from '../basemap/store';
import { useAccess } from '../editing/access';
import { useDone } from '../editing/done';
import { useSaving } from '../editing/saving';
import { useEditing } from '../editing/store';
import { useInspector } from '../inspector/store';
import { useLayers } from '../layers/store';
import { stage } from '../map/current';
import { useDraw } from '../measure/store';
import { useTable } from '../table/store';
import { freePadding } from './padding';
import { useShell } from './store';

/** Keys that work anywhere but in a text field. The cheat sheet (`?`) lists them. */
export function useKeyboard(): void {
  const shell = useShell();
  const draw = useDraw();
  const table = useTable();
  const inspector = useInspector();
  const bases = useBaseMaps();
  const layers = useLayers();
  const editing = useEditing();
  const saving = useSaving();
  const access = useAccess();
  const done = useDone();

  const keys: Record<string, () => void> = {
    '?': () => {
      shell.keysOpen = true;
    },
    l: () => {
      shell.layersOpen = !shell.layersOpen;
    },
    t: () => {
      if (shell.tableOpen) shell.tableOpen = false;
      else table.open();
    },
    p: () => void draw.start('statistics', 'polygon'),
    m: () => void draw.start('distance', 'line'),
    a: () => void draw.start('area', 'polygon'),
    b: () => void bases.next(),
    h: () => {
      const bounds = layers.catalog?.project.bounds;
      if (bounds) stage.value?.fit(bounds, freePadding());
    },
    e: () => {
      const chosen = inspector.chosen;
      if (editing.session) shell.side = 'editing';
      else if (chosen && access.may('edit', chosen.layer)) void editing.edit(chosen.layer, chosen.id);
      else shell.side = 'editing';
    },
    escape: () => {
      // What is on top goes first: the sketch, the edit, the drawing, then the panel, then the table.
      if (editing.sketching) editing.clearSketch();
      else if (saving.merging) saving.endMerge();
      else if (editing.session && editing.outline && editing.tool !== 'reshape') editing.use('reshape');
      else if (editing.session) void saving.leave();
      else if (draw.purpose) draw.stop();
      else if (shell.side === 'inspector') inspector.close();
      else if (shell.side) shell.side = null;
      else if (shell.tableOpen) shell.tableOpen = false;
    },
  };

  /** Keys that only mean something to the shape that is edited. */
  function onEditKey(key: string): boolean {
    if (key === 'enter' && editing.canFinish) editing.finish();
    else if ((key === 'delete' || key === 'backspace') && editing.sketching) editing.undo();
    else if (key === 'delete' || key === 'backspace') editing.removeCorner();
    else return false;
    return true;
  }

  function onKey(event: KeyboardEvent): void {
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const key = event.key.toLowerCase();
    if (editing.session && onEditKey(key)) {
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      const again = key === 'y' || (key === 'z' && event.shiftKey);
      if (draw.purpose && again) draw.redo();
      else if (draw.purpose && key === 'z') draw.undo();
      else if (editing.session && key === 's') void saving.save('');
      else if (again) void (editing.session ? editing.redo() : done.bringAgain());
      else if (key === 'z') void (editing.session ? editing.undo() : done.takeBack());
      else return;
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    const action = keys[key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  onMounted(() => document.addEventListener('keydown', onKey));
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey));
}

/** Whether keys belong to what is typed in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type);
}
