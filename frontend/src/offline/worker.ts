/**
 * The service worker: the page starts without a network, and shows the map that was last seen.
 *
 * Only what carries no personal data is kept in plain: the page itself, the catalog, tiles, who
 * is signed in. Signing out empties the caches whose name
 * begins with `seen-` (`seen.ts`; this file imports nothing that the page does, so that it stays one file). What waits to be sent is kept elsewhere, under a key.
 */
import { ExpirationPlugin } from 'workbox-expiration';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { CacheFirst, NetworkFirst } from 'workbox-strategies';

declare const self: ServiceWorkerGlobalScope & {
  /** Files of this build, put in by `vite.config.ts`. */
  __PRECACHE__: { url: string; revision: string | null }[];
};

const folder = new URL('.', self.location.href).pathname;
const under = (path: string) => (path.startsWith(folder) ? path.slice(folder.length) : '');

precacheAndRoute(self.__PRECACHE__);
cleanupOutdatedCaches();
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('./?f=html'), {
    // Documents of the API are asked of the server.
    allowlist: [new RegExp(`^${folder.replace(/[/.]/g, '\\$&')}(\\?.*)?$`)],
  }),
);

// Fonts and other assets have a hash in their names.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && under(url.pathname).startsWith('assets/'),
  new CacheFirst({ cacheName: 'assets', plugins: [new ExpirationPlugin({ maxEntries: 400 })] }),
);

// The network first, however slow: what was seen is for where there is none, or it would be
// taken for fresh.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /^(tiles|basemaps)\//.test(under(url.pathname)),
  new NetworkFirst({
    cacheName: 'seen-tiles',
    plugins: [new ExpirationPlugin({ maxEntries: 4000, purgeOnQuotaError: true })],
  }),
);

registerRoute(
  ({ url, sameOrigin }) =>
    sameOrigin &&
    /^(catalog|styles\/map|session|conformance|basemaps|processes\/[^/]+)$/.test(under(url.pathname)),
  new NetworkFirst({ cacheName: 'seen-start' }),
);

// A newer page takes over at the next visit, not under somebody's hands.
self.addEventListener('install', () => {
  if (!self.registration.active) void self.skipWaiting();
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
