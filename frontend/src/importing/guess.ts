/** Which layer a file is meant for, by its name. */
import type { Layer } from '../api';

/** The layer whose title or identifier stands in the file's name, the longest first; null where none does. */
export function guessLayer(names: string[], layers: Layer[]): string | null {
  const all = names.join(' ').toLowerCase();
  let best: { id: string; length: number } | null = null;
  for (const layer of layers) {
    for (const word of [layer.title.zh, layer.title.en, layer.id, layer.id.replace(/_/g, ' ')]) {
      const found = all.includes(word.toLowerCase());
      if (found && word.length > (best?.length ?? 1)) best = { id: layer.id, length: word.length };
    }
  }
  return best?.id ?? null;
}
