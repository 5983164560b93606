import { onBeforeUnmount, onMounted } from 'vue';
import { useBaseMaps } from '../basemap/store';
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
    escape: () => {
      // What is on top goes first: the drawing, then the panel, then the table.
      if (draw.purpose) draw.stop();
      else if (shell.side === 'inspector') inspector.close();
      else if (shell.side) shell.side = null;
      else if (shell.tableOpen) shell.tableOpen = false;
    },
  };

  function onKey(event: KeyboardEvent): void {
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && draw.purpose) {
      if (key === 'z' && event.shiftKey) draw.redo();
      else if (key === 'z') draw.undo();
      else if (key === 'y') draw.redo();
      else return;
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
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
