import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

// `npm run dev` forwards to a running `yizhangtu serve`.
const server = process.env.YIZHANGTU_SERVER ?? 'http://127.0.0.1:8080';
const paths = [
  '/catalog',
  '/collections',
  '/lookup',
  '/statistics',
  '/search',
  '/tiles',
  '/basemaps',
  '/health',
  '/changes',
  '/batches',
  '/import',
  '/session',
];

export default defineConfig({
  // Relative, so that the page also works behind a proxy's sub-path.
  base: './',
  plugins: [vue()],
  build: {
    // Chromium 87 is what offices still run; src/polyfill.ts adds what the syntax target cannot.
    target: 'chrome87',
    cssTarget: 'chrome87',
    // Inlined assets would be `data:` URLs; everything stays a file of our own origin.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(paths.map((path) => [path, { target: server, changeOrigin: true }])),
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    server: { deps: { inline: ['element-plus'] } },
  },
});
