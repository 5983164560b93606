import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { Area, LonLat, Statistics } from '../api';
import * as api from '../api';
import { useShell } from '../shell/store';

/** What is counted: a drawn ring, or the outline of a feature. */
export type Subject = { ring: LonLat[] } | { layer: string; id: string; name: string };

/** Counts in an area; asked of the server, which alone knows everything. */
export const useStatistics = defineStore('statistics', () => {
  const shell = useShell();
  const subject = shallowRef<Subject | null>(null);
  const rule = ref<Area['rule']>('representative_point');
  const result = shallowRef<Statistics | null>(null);
  const status = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  const error = shallowRef<unknown>(null);
  let asking: AbortController | null = null;

  async function count(quiet = false): Promise<void> {
    const of = subject.value;
    if (!of) return;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    if (!quiet) status.value = 'loading';
    try {
      const body =
        'ring' in of
          ? { area: { type: 'Polygon' as const, coordinates: [closed(of.ring)] }, rule: rule.value }
          : { layer: of.layer, id: of.id, rule: rule.value };
      result.value = await api.statistics(body, mine.signal);
      status.value = 'ready';
    } catch (reason) {
      // Figures that stand there stand until the server can be asked again.
      if (api.isAborted(reason) || quiet) return;
      result.value = null;
      error.value = reason;
      status.value = 'failed';
    }
  }

  /** Counts again what is shown, without taking it away meanwhile: something changed on the server. */
  async function recount(): Promise<void> {
    if (subject.value && status.value === 'ready') await count(true);
  }

  function ofRing(ring: LonLat[]): Promise<void> {
    subject.value = { ring };
    shell.side = 'statistics';
    return count();
  }

  function ofFeature(layer: string, id: string, name: string): Promise<void> {
    subject.value = { layer, id, name };
    shell.side = 'statistics';
    return count();
  }

  function clear(): void {
    asking?.abort();
    subject.value = null;
    result.value = null;
    status.value = 'idle';
  }

  watch(rule, () => void count());

  return { subject, rule, result, status, error, count: () => count(), recount, ofRing, ofFeature, clear };
});

/** The ring with its first position again at the end, as GeoJSON wants it. */
export function closed(ring: LonLat[]): LonLat[] {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  if (!first || !last || (first[0] === last[0] && first[1] === last[1])) return ring;
  return [...ring, first];
}
