import { prewarm, setWorkerUrl } from 'maplibre-gl';
import { chineseFontReady } from './fonts';
import workerUrl from './worker.ts?worker&url';

/** Starts what the map needs whoever asks for it: the worker that reads tiles, and a Chinese font. */
export function prepareMap(): void {
  setWorkerUrl(workerUrl);
  prewarm();
  void chineseFontReady();
}
