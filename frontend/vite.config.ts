import { createHash } from 'node:crypto';
import vue from '@vitejs/plugin-vue';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` forwards to a running `yizhangtu serve`.
const server = process.env.YIZHANGTU_SERVER ?? 'http://127.0.0.1:8080';
const paths = [
  '/catalog',
  '/collections',
  '/lookup',
  '/statistics',
  '/search',
  '/sheets',
  '/tiles',
  '/basemaps',
  '/health',
  '/changes',
  '/batches',
  '/import',
  '/session',
];

/** Tells the service worker which files make the page. Fonts come when a text needs them. */
function precache(): Plugin {
  return {
    name: 'precache',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle['sw.js'];
        if (worker?.type !== 'chunk') return;
        const files = Object.values(bundle)
          .filter((file) => file !== worker && /\.(js|css|html)$/.test(file.fileName))
          .map((file) => {
            const content = file.type === 'chunk' ? file.code : file.source;
            const hashed = file.fileName.startsWith('assets/');
            return {
              // The page has no other address than its folder's.
              url: file.fileName === 'index.html' ? './?f=html' : file.fileName,
              revision: hashed ? null : createHash('sha256').update(content).digest('hex').slice(0, 16),
            };
          });
        worker.code = worker.code.replace('self.__PRECACHE__', JSON.stringify(files));
      },
    },
  };
}

export default defineConfig({
  // Relative, so that the page also works behind a proxy's sub-path.
  base: './',
  plugins: [vue(), precache()],
  build: {
    // Chromium 87 is what offices still run; src/polyfill.ts adds what the syntax target cannot.
    target: 'chrome87',
    cssTarget: 'chrome87',
    // Inlined assets would be `data:` URLs; everything stays a file of our own origin.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: 'index.html', sw: 'src/offline/worker.ts' },
      // A service worker keeps its address for ever.
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
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
