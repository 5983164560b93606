import { prewarm, setWorkerUrl } from 'maplibre-gl';
import workerUrl from './worker.ts?worker&url';

/** Starts the worker that reads tiles, before it is known who is there and what is to be seen. */
export function prepareMap(): void {
  setWorkerUrl(workerUrl);
  prewarm();
}
