import { onBeforeUnmount, onMounted, watch } from 'vue';
import { useBaseMaps } from '../basemap/store';
import { useInspector } from '../inspector/store';
import { setLanguage, useLanguage } from '../language';
import { useLayers } from '../layers/store';
import { stage } from '../map/current';
import { type Link, readLink, writeLink } from '../map/permalink';
import { usePrinting } from '../printing/store';

/** Keeps the address in step with the page, and the page with the address. */
export function useLink(): { initial: Link; write: () => void; restore: () => void } {
  const layers = useLayers();
  const inspector = useInspector();
  const bases = useBaseMaps();
  const printing = usePrinting();
  const { language } = useLanguage();
  const initial = readLink(location.hash);
  if (initial.language) setLanguage(initial.language);

  function write(): void {
    const current = stage.value;
    if (!current) return;
    const link: Link = { view: current.view(), layers: layers.visible, language: language.value };
    if (inspector.chosen) link.selected = { ...inspector.chosen };
    if (bases.current) link.base = bases.current;
    const hash = writeLink(link);
    // Replaced, not pushed: the back button leaves the map instead of undoing every move.
    if (hash !== location.hash) history.replaceState(null, '', hash);
  }

  /** What a link says besides the view: layers, selection, language. */
  function apply(link: Link): void {
    if (link.language) setLanguage(link.language);
    if (link.layers) layers.showOnly(link.layers);
    if (link.selected) void inspector.open(link.selected.layer, link.selected.id, !link.view);
    if (link.print) void printing.openPrint(link.print);
  }

  function changed(event: HashChangeEvent): void {
    // What was gone to: a map that comes to rest meanwhile has written its own address over it.
    const link = readLink(new URL(event.newURL).hash);
    apply(link);
    if (link.view) stage.value?.map.jumpTo({ center: link.view.center, zoom: link.view.zoom });
    void bases.choose(link.base ?? null);
  }

  onMounted(() => window.addEventListener('hashchange', changed));
  onBeforeUnmount(() => window.removeEventListener('hashchange', changed));
  watch([() => layers.visible, () => inspector.chosen, () => bases.current, language], write);

  return { initial, write, restore: () => apply(initial) };
}
