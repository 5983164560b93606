// What the page takes to draw a village, by software alone, and what that looks like (`bench/run page`):
//
//     SHARP=1 node figures.js FILE.gpkg [FOLDER]
//
// prints times and sizes, and leaves pictures of zoom 10 to 18 in FOLDER. The server has just been
// started, so no tile is drawn yet; the account is the demonstration's data manager. The page is opened several
// times, each as by a browser that has never seen it: the first also waits for the server to draw the tiles.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { BINARY, apiAsEditor, idle, openAsEditor, rendered, stop } from './harness.js';

const [file, folder] = process.argv.slice(2);
if (!file) throw new Error('node figures.js FILE.gpkg [FOLDER]');
if (folder) mkdirSync(folder, { recursive: true });
const child = spawn(BINARY, ['serve', file, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.env.YIZHANGTU_URL = await new Promise((resolve) => {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const match = /^listening on (http:\/\/\S+)/.exec(line);
    if (match) resolve(match[1]);
  });
});
// It answers at once, and gathers the names that are searched for a while.
await new Promise((done) => setTimeout(done, 15_000));

const OPENINGS = 6;
const sizes = [];
let last = 0;
let opened;
const firsts = [];
for (let opening = 0; opening < OPENINGS; opening++) {
  await opened?.close();
  let begun = 0;
  let spent;
  opened = await openAsEditor({
    wait: false,
    before: async (page) => {
      page.on('requestfinished', async (request) => {
        const at = performance.now();
        if (new URL(request.url()).pathname.startsWith('/tiles/')) last = at;
        const { responseBodySize } = await request.sizes();
        sizes.push({ size: responseBodySize, address: new URL(request.url()).pathname });
      });
      spent = await processorTime(page);
      begun = performance.now();
    },
  });
  await opened.page.waitForSelector('.map[data-idle="true"]', { timeout: 120_000 });
  const took = performance.now() - begun;
  const now = await processorTime(opened.page);
  firsts.push(took);
  const parts = Object.entries(now).map(([part, seconds]) => `${part} ${(seconds - (spent[part] ?? 0)).toFixed(2)} s`);
  console.log(`first map, everything on it drawn: ${took.toFixed(0)} ms (processor time: ${parts.join(', ')})`);
}
const { page, close } = opened;
const [least, median] = [Math.min(...firsts), [...firsts].sort((a, b) => a - b)[OPENINGS >> 1]];
console.log(`first map of ${OPENINGS}: at first ${firsts[0].toFixed(0)}, median ${median.toFixed(0)}, least ${least.toFixed(0)} ms`);

const { features } = await apiAsEditor('/collections/building/items?limit=1&offset=1000');
const house = features[0];
const [x, y] = house.geometry.coordinates.flat(house.geometry.type === 'Polygon' ? 1 : 2)[0];

/** Seconds that the browser's drawing and its pages have taken of the processors. */
async function processorTime(of) {
  const session = await of.context().browser().newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const spent = { drawing: 0, page: 0 };
  for (const { type, cpuTime } of processInfo) {
    if (type === 'GPU') spent.drawing += cpuTime;
    if (type === 'renderer') spent.page += cpuTime;
  }
  return spent;
}

/** Moves the map and tells how long it took, and how long after its last tile it was complete. */
async function move(center, zoom, name) {
  last = 0;
  const from = performance.now();
  await page.evaluate(
    ([to, z]) => document.querySelector('.map').stage.map.jumpTo({ center: to, zoom: z }),
    [center, zoom],
  );
  await idle(page);
  const now = performance.now();
  if (name && folder) await page.screenshot({ path: path.join(folder, `${name}.png`) });
  return { all: now - from, after: last ? now - last : 0 };
}

const moves = [];
for (let zoom = 10; zoom <= 18; zoom++) {
  const took = await move([x, y], zoom, `z${zoom}`);
  moves.push(took);
  console.log(`to zoom ${zoom}: complete after ${took.all.toFixed(0)} ms, ${took.after.toFixed(0)} ms after its last tile`);
}
for (let step = 1; step <= 8; step++) moves.push(await move([x + 0.002 * step, y + 0.001 * (step % 3)], 16.5));
const most = (part) => Math.max(...moves.map(part)).toFixed(0);
console.log(`9 zooms and 8 pans: complete at most ${most((took) => took.all)} ms after the step, ${most((took) => took.after)} ms after the last tile`);

await move([x, y], 17.5);
const before = await rendered(page, 'building');
const coordinates = JSON.parse(JSON.stringify(house.geometry.coordinates), (_, value) =>
  Array.isArray(value) && typeof value[0] === 'number' ? [value[0] + 0.00002, value[1]] : value,
);
const version = Number((house.properties.version ?? house.version ?? 0) || 0);
const current = await fetch(new URL(`/collections/building/items/${house.id}`, process.env.YIZHANGTU_URL));
const tag = Number((current.headers.get('etag') ?? `"${version}"`).replace(/\D/g, ''));
const since = performance.now();
await apiAsEditor('/changes', {
  method: 'POST',
  body: JSON.stringify({
    reason: 'figures',
    changes: [{ op: 'update', layer: 'building', id: house.id, version: tag, feature: { geometry: { type: house.geometry.type, coordinates } } }],
  }),
});
let fewest = before;
let seen;
while (performance.now() - since < 4000) {
  fewest = Math.min(fewest, await rendered(page, 'building'));
  const moved = last > since;
  if (moved && !seen) seen = last - since;
  await page.waitForTimeout(30);
}
console.log(
  `an edit: its tiles reached the page ${seen ? `after ${seen.toFixed(0)} ms` : 'not at all'}; of ${before} houses on screen never fewer than ${fewest} were drawn`,
);
if (folder) await page.screenshot({ path: path.join(folder, 'edited.png') });
sizes.sort((a, b) => b.size - a.size);
const tiles = sizes.filter(({ address }) => address.startsWith('/tiles/'));
console.log(`${sizes.length} requests; the largest ${(sizes[0].size / 1e3).toFixed(0)} KB (${sizes[0].address}); the largest of ${tiles.length} tiles ${(tiles[0].size / 1e3).toFixed(0)} KB (${tiles[0].address})`);
await close();
await stop();
child.kill('SIGTERM');
