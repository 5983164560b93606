// Starts the built binary with the 东华 demonstration village and a headless Chromium that may talk to it alone.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const BINARY = process.env.YIZHANGTU_BINARY ?? path.join(root, 'target/debug/yizhangtu');
/** The browser without windows takes half of the processor that the whole one does; not every system has it. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
export const CHROMIUM = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
const SCREENSHOTS = path.join(root, 'tests/screenshots');

/** What software rendering says of itself; nothing of ours. */
const NOISE = /GL_CLOSE_PATH_NV|GPU stall due to ReadPixels|Automatic fallback to software WebGL/;

/**
 * The map is drawn in software, and much of a test's time is spent on its pixels: the page is laid out as on a
 * real screen and drawn at a quarter of its pixels each way. `SHARP=1` draws all of them, for pictures.
 */
const drawn = (pixels) => ({ deviceScaleFactor: process.env.SHARP ? pixels : pixels / 4 });
export const DESKTOP = { viewport: { width: 1440, height: 900 }, ...drawn(1) };
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, ...drawn(2) };

let served;
let browser;

/**
 * A demonstration village as this binary makes it: made once, under the name that the tests of the whole give it
 * too, and never served itself.
 */
function village(name) {
  const { mtimeNs } = statSync(BINARY, { bigint: true });
  const folder = path.join(path.dirname(BINARY), 'villages');
  const made = path.join(folder, `${name}-${mtimeNs}.gpkg`);
  if (!existsSync(made)) {
    mkdirSync(folder, { recursive: true });
    const own = path.join(folder, `${name}-${mtimeNs}-${process.pid}.gpkg`);
    execFileSync(BINARY, ['demo', name, '-o', own], { stdio: ['ignore', 'ignore', 'inherit'] });
    renameSync(own, made);
  }
  return made;
}

/** The address of the server and its process; made once a test file, of the village that is asked for first. */
export async function serve(extra = [], name = 'donghua') {
  if (served) return served;
  // A developer may point the tests at a server that runs already.
  if (process.env.YIZHANGTU_URL) {
    served = { url: new URL(process.env.YIZHANGTU_URL).origin };
    return served;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'yizhangtu-page-'));
  const file = path.join(folder, `${name}.gpkg`);
  assert.ok(existsSync(BINARY), `${BINARY} is not built: cargo build --locked --bin yizhangtu`);
  copyFileSync(village(name), file);
  chmodSync(file, 0o600); // others may serve what it is a copy of, and have locked it against writing
  const child = spawn(BINARY, ['serve', file, '--listen', '127.0.0.1:0', ...extra], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = /^listening on (http:\/\/\S+)/.exec(line);
      if (match) resolve(match[1]);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it listened`)));
  });
  served = { url, child, folder };
  return served;
}

/** Ends what was started. Each test file calls it in `after`. */
export async function stop() {
  await browser?.close();
  browser = undefined;
  if (served?.child) {
    // Killed rather than asked to stop: what it would keep for its next start nobody needs.
    const ended = once(served.child, 'exit');
    served.child.kill('SIGKILL');
    await ended;
    rmSync(served.folder, { recursive: true, force: true });
  }
  served = undefined;
  signedIn.clear();
}

/**
 * Opens the page in a fresh context. Requests to any other origin, console errors, page errors and
 * breaches of the content security policy are collected; `check()` fails on them.
 * `expected` matches errors that the test provokes; `before` may prepare routes. Without `offline` there is no
 * service worker: requests would pass it unseen by the test's routes.
 */
export async function open({ at = '/', device = DESKTOP, expected, before, wait = true, offline = false } = {}) {
  const { url } = await serve();
  browser ??= await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--enable-unsafe-swiftshader',
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    ],
  });
  const context = await browser.newContext({
    ...device,
    reducedMotion: 'reduce',
    locale: 'zh-CN',
    serviceWorkers: offline ? 'allow' : 'block',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // software rendering on a busy machine
  const faults = [];
  const fault = (text) => {
    if (!NOISE.test(text) && !expected?.test(text)) faults.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') fault(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => fault(`page: ${error.stack ?? error.message}`));
  await page.exposeFunction('__violated', (text) => fault(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.__violated(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  // Watched, not intercepted: each request would wait for the test's process. Whatever has no address
  // fails by itself, for names are looked up for nobody.
  context.on('request', (request) => {
    const target = new URL(request.url());
    if (/^(https?|wss?):/.test(target.protocol) && target.origin !== url) fault(`outside: ${target.href}`);
  });
  await before?.(page, url);
  await page.goto(new URL(at, url).href);
  if (wait) await idle(page);
  return {
    page,
    url,
    check: () => assert.deepEqual(faults, []),
    close: async () => {
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** The password of the demonstration's accounts. */
const PASSWORD = 'yizhangtu-demo';
/** The demonstration's account that may change every layer. */
const EDITOR = 'data_manager';

async function hasAccounts(url) {
  return (await (await fetch(new URL('/session', url))).json()).accounts === true;
}

/** Opens the page as an account of the demonstration, where the file has accounts. */
export const openAs = (user, options = {}) =>
  open({
    ...options,
    before: async (page, url) => {
      const data = { user, password: PASSWORD };
      if (await hasAccounts(url)) await page.context().request.post(new URL('/session', url).href, { data });
      await options.before?.(page, url);
    },
  });

/** Opens the page as somebody who may change the map. */
export const openAsEditor = (options = {}) => openAs(EDITOR, options);

const JSON_BODY = { 'content-type': 'application/json' };
/** Who has signed in outside the browser: a password takes a tenth of a second to check. */
const signedIn = new Map();

/** The cookie of an account of the demonstration, none where the file has no accounts. */
async function cookieOf(user) {
  const { url } = await serve();
  if (!signedIn.has(user)) {
    const body = JSON.stringify({ user, password: PASSWORD });
    const cookies = (await hasAccounts(url))
      ? (await fetch(new URL('/session', url), { method: 'POST', headers: JSON_BODY, body })).headers.getSetCookie()
      : [];
    signedIn.set(user, cookies.map((cookie) => cookie.split(';')[0]).join('; '));
  }
  return signedIn.get(user);
}

/** The API's answer to an account of the demonstration, where the file has accounts. */
export async function apiAs(user, where, init = {}) {
  const { url } = await serve();
  const type = typeof init.body === 'string' ? JSON_BODY : {};
  const asked = async () => {
    const headers = { ...type, ...init.headers, cookie: await cookieOf(user) };
    return fetch(new URL(where, url), { ...init, headers });
  };
  let response = await asked();
  // A session ends when the account's rights change.
  if (response.status === 401 && signedIn.delete(user)) response = await asked();
  return answerOf(where, response);
}

/** The API's answer to somebody who may change the map. */
export const apiAsEditor = (where, init) => apiAs(EDITOR, where, init);

/** Waits until the map has drawn everything that it knows of. */
export async function idle(page) {
  await page.waitForTimeout(120);
  await page.waitForSelector('.map[data-idle="true"]', { timeout: 60_000 });
}

/** The API's answer, asked for outside the browser. */
export async function api(where, init) {
  const { url } = await serve();
  return answerOf(where, await fetch(new URL(where, url), init));
}

async function answerOf(where, response) {
  assert.ok(response.ok, `${where}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

/** Counts the features on screen of a catalog layer; from afar areas have no names, and are told by their outlines. */
export const rendered = (page, layer) =>
  page.evaluate((id) => {
    const { map } = document.querySelector('.map').stage;
    const layers = map
      .getStyle()
      .layers.map((each) => each.id)
      .filter((each) => each.startsWith(`layer:${id}:`));
    const name = ({ properties, geometry }) => properties.id ?? JSON.stringify(geometry);
    return new Set(map.queryRenderedFeatures({ layers }).map(name)).size;
  }, layer);

/** Waits until none of a catalog layer is on screen, or some of it: an idle map may not have heard of it yet. */
export async function shown(page, layer, some) {
  const until = Date.now() + 60_000;
  while ((await rendered(page, layer)) > 0 !== some) {
    assert.ok(Date.now() < until, `${layer} is ${some ? 'not ' : ''}on screen`);
    await page.waitForTimeout(100);
  }
}

/** The place of a coordinate on screen, in pixels of the page. */
export const pixel = (page, lonLat) =>
  page.evaluate((point) => {
    const { map } = document.querySelector('.map').stage;
    const box = map.getContainer().getBoundingClientRect();
    const { x, y } = map.project(point);
    return { x: box.left + x, y: box.top + y };
  }, lonLat);

/** Moves the map without a flight. */
export async function jump(page, center, zoom) {
  await page.waitForSelector('.map'); // a page that was loaded again may have its buttons first
  await page.evaluate(
    ([to, z]) => document.querySelector('.map').stage.map.jumpTo({ center: to, zoom: z }),
    [center, zoom],
  );
  await idle(page);
}

/** Keeps a picture for people to look at. */
export async function picture(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
}

/** A point inside a polygon: the middle of its box where that is inside, else beside its first corner. */
export function inside(geometry) {
  const ring = geometry.type === 'MultiPolygon' ? geometry.coordinates[0][0] : geometry.coordinates[0];
  const lon = ring.map((position) => position[0]);
  const lat = ring.map((position) => position[1]);
  const middle = [(Math.min(...lon) + Math.max(...lon)) / 2, (Math.min(...lat) + Math.max(...lat)) / 2];
  return contains(ring, middle) ? middle : null;
}

function contains(ring, [x, y]) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i];
    const [bx, by] = ring[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/** Asks the page until it says yes. (Playwright's `waitForFunction` takes any promise for a yes.) */
export async function eventually(page, asks, argument) {
  const until = Date.now() + 60_000;
  while (!(await page.evaluate(asks, argument))) {
    assert.ok(Date.now() < until, `never: ${asks}`);
    await page.waitForTimeout(100);
  }
}
