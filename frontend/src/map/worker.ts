// MapLibre's worker with the polyfills in front. The reference kept on `self` stops the
// bundler from dropping an import that its package declares free of side effects.
import '../polyfill';
import * as worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs';

(self as unknown as { maplibreWorker: unknown }).maplibreWorker = worker;
