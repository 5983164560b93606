// Off line in earnest: the network goes in the middle of sending, the tab is killed, and what one works on changes or
// goes meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { apiAs, eventually, idle, inside, jump, openAs, PHONE, picture, pixel, stop } from './harness.js';

after(stop);

const PHOTO = path.join(path.dirname(fileURLToPath(import.meta.url)), '../data/photo.jpg');
const GONE = /ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_FAILED|ERR_CONNECTION|503|403|412|404|422/;

const openAsWorker = (options = {}) => openAs('grid_worker', { device: PHONE, expected: GONE, ...options });

const commit = (user, changes) =>
  apiAs(user, '/changes', { method: 'POST', body: JSON.stringify({ reason: '测试', changes }) });

async function ownGrid() {
  const [own] = (await apiAs('grid_worker', '/session')).territory;
  return apiAs('grid_worker', `/collections/grid/items/${own.id}?f=json`);
}

const events = async () =>
  (await apiAs('grid_worker', '/collections/grid_event/items?f=json&limit=50&sortby=-reported_at')).features;

async function report(page, kind, { photo = false } = {}) {
  await jump(page, inside((await ownGrid()).geometry), 17);
  await page.getByTestId('open-report').tap();
  await page.getByText(kind, { exact: true }).tap();
  if (photo) await page.locator('.report input[type=file]').setInputFiles(PHOTO);
  await page.getByTestId('report').getByRole('button', { name: '上报', exact: true }).tap();
}

test('the network goes while a report and its photograph are sent: neither is lost, neither comes twice', async () => {
  const before = await events();
  const { page, close } = await openAsWorker();
  let answersLost = 0;
  let broken = 0;
  // The report reaches the server and its answer is lost; of the photograph only a half arrives.
  await page.route('**/changes', async (route) => {
    if (route.request().method() !== 'POST' || answersLost > 0) return route.fallback();
    answersLost += 1;
    await route.fetch();
    return route.abort('connectionreset');
  });
  await page.route('**/attachments?**', (route) => {
    if (route.request().method() !== 'POST' || broken > 0) return route.fallback();
    broken += 1;
    return route.abort('connectionreset');
  });
  await report(page, '道路破损', { photo: true });
  await page.getByText('已存在本机').waitFor();
  await page.getByTestId('outbox').tap();
  for (let tries = 0; tries < 2; tries++) {
    const send = page.locator('.outbox-list').getByRole('button', { name: '立即发送' });
    if (await send.isVisible().catch(() => false)) await send.tap().catch(() => {});
    await page.waitForTimeout(500);
  }
  await page.getByTestId('outbox').waitFor({ state: 'detached' });
  assert.deepEqual([answersLost, broken], [1, 1]);
  const added = (await events()).filter((event) => !before.some((old) => old.id === event.id));
  assert.equal(added.length, 1, 'one report');
  const { attachments = [], ...rest } = await apiAs('grid_worker', `/collections/grid_event/items/${added[0].id}/attachments`);
  assert.equal((attachments.length || Object.values(rest).flat().length), 1, 'one photograph');
  await close();
});

test('a tab that is killed loses nothing', async () => {
  const before = await events();
  const { page, url, close } = await openAsWorker();
  await jump(page, inside((await ownGrid()).geometry), 17);
  await page.getByTestId('open-report').tap();
  await page.getByText('乱摆卖', { exact: true }).waitFor();
  await page.context().setOffline(true);
  await page.getByText('乱摆卖', { exact: true }).tap();
  await page.getByTestId('report').getByRole('button', { name: '上报', exact: true }).tap();
  await page.getByText('已存在本机').waitFor();
  const context = page.context();
  await page.close({ runBeforeUnload: false });
  await context.setOffline(false);
  const again = await context.newPage();
  await again.goto(url);
  await eventually(again, () => !!document.querySelector('.map') && !document.querySelector('[data-testid="outbox"]'));
  const until = Date.now() + 20_000;
  let added = [];
  while (added.length === 0 && Date.now() < until) {
    added = (await events()).filter((event) => !before.some((old) => old.id === event.id));
    await again.waitForTimeout(200);
  }
  assert.deepEqual(added.map((event) => event.properties.type), ['乱摆卖']);
  await close();
});

test('who signs out is told first what waits to be sent, and may stay', async () => {
  const { page, close } = await openAsWorker();
  const lost = (route) => (route.request().method() === 'POST' ? route.abort('connectionreset') : route.fallback());
  await page.route('**/changes', lost);
  await report(page, '垃圾堆积');
  await page.getByText('已存在本机').waitFor();
  const asked = [];
  let answer = 'dismiss';
  page.on('dialog', (dialog) => {
    asked.push(dialog.message());
    return dialog[answer]();
  });
  await page.getByTestId('account').tap();
  await Promise.all([page.waitForEvent('dialog'), page.getByTestId('sign-out').tap()]);
  assert.equal(asked.length, 1);
  assert.match(asked[0], /1 件/);
  // Still there, and sent when the server answers again.
  await page.unroute('**/changes', lost);
  const before = (await events()).length;
  await page.getByTestId('outbox').tap();
  const send = page.locator('.outbox-list').getByRole('button', { name: '立即发送' });
  if (await send.isVisible().catch(() => false)) await send.tap().catch(() => {});
  await page.getByTestId('outbox').waitFor({ state: 'detached' });
  assert.equal((await events()).length, before + 1);
  await page.keyboard.press('Escape');
  // With nothing left to send nothing is asked.
  answer = 'accept';
  const leave = page.getByTestId('sign-out');
  if (!(await leave.isVisible())) await page.getByTestId('account').tap();
  await Promise.all([page.waitForEvent('load'), leave.tap()]);
  await page.getByTestId('open-sign-in').waitFor();
  assert.equal(asked.length, 1);
  await close();
});

test('one has one’s grid along: houses are found and worked at; what changed or went meanwhile becomes a choice', async () => {
  const grid = await ownGrid();
  // A house of its own, to be torn down meanwhile.
  const [x, y] = inside(grid.geometry);
  const corner = (dx, dy) => [x + dx * 1e-5, y + dy * 1e-5];
  const ring = [corner(0, 0), corner(3, 0), corner(3, 3), corner(0, 3), corner(0, 0)];
  const code = `${(await apiAs('grid_worker', '/collections/building/items?limit=1&f=json')).features[0].properties.code.slice(0, 12)}99999`;
  const made = await commit('data_manager', [
    { op: 'insert', layer: 'building', feature: { geometry: { type: 'Polygon', coordinates: [ring] }, properties: { code, address: '临时棚屋999号' } } },
  ]);
  const shed = made.features.find((one) => one.layer === 'building').id;
  const { page, close } = await openAsWorker({ offline: true });
  await eventually(page, async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated');
  await page.reload();
  await page.getByTestId('account').tap();
  await page.getByRole('button', { name: '把我的网格带在身边' }).tap();
  await page.getByText(/本机有 \d+ 栋/).waitFor({ timeout: 120_000 });
  await picture(page, 'phone-take-along');
  // Nothing readable lies on the device.
  const plain = await page.evaluate(async () => {
    const open = (name) => new Promise((ready) => { const asked = indexedDB.open(name); asked.onsuccess = () => ready(asked.result); });
    const db = await open('yizhangtu-outbox-houses');
    const all = await new Promise((ready) => { const asked = db.transaction('houses').objectStore('houses').getAll(); asked.onsuccess = () => ready(asked.result); });
    return all.length + ' ' + all.every((one) => one.body instanceof ArrayBuffer && Object.keys(one).sort().join() === 'body,iv');
  });
  assert.match(plain, /^\d{2,} true$/);
  await page.keyboard.press('Escape');

  const houses = (await apiAs('grid_worker', '/collections/building/items?limit=60&f=json')).features;
  let lived;
  for (const one of houses) {
    const found = await apiAs('grid_worker', `/houses/${one.id}`);
    if (found.figures.residents > 2) {
      lived = { ...one, found };
      break;
    }
  }
  await page.context().setOffline(true);
  const find = async (address) => {
    await page.locator('#search').tap();
    await page.locator('#search').fill(address);
    await page.locator('[role="option"]', { hasText: address }).first().tap();
    await page.locator('.house .copy').waitFor();
  };
  await find(lived.properties.address);
  assert.equal(await page.locator('.house .resident').count(), lived.found.rooms.flatMap((room) => room.residents).length);
  await picture(page, 'phone-house-along');
  const first = page.locator('.house .resident').first();
  await first.locator('.line').tap();
  await first.getByRole('button', { name: '核实' }).tap();
  await page.getByText('已存在本机，联网后自动办理').waitFor();
  await find('临时棚屋999号');
  await page.locator('.house [data-act="visit"]').tap();
  await page.getByRole('radio', { name: '已访' }).tap();
  await page.locator('.act-form .buttons .primary').tap();
  await page.getByText('已存在本机，联网后自动办理').waitFor();

  // Meanwhile the clerk corrects the resident, and the shed is torn down.
  const [resident] = lived.found.rooms.flatMap((room) => room.residents);
  await commit('village_clerk', [
    { op: 'update', layer: 'residence', id: resident.residence.id, version: resident.residence.version, feature: { properties: { kind: '借住' } } },
  ]);
  const now = await apiAs('data_manager', `/collections/building/items/${shed}/history`);
  const version = now.version ?? (now.revisions ?? now.history ?? [])[0]?.sequence ?? made.sequence;
  await commit('data_manager', [{ op: 'delete', layer: 'building', id: shed, version }]);

  await page.context().setOffline(false);
  await page.getByTestId('outbox').filter({ hasText: '2 件被退回' }).waitFor();
  await page.getByTestId('outbox').tap();
  const list = page.locator('.outbox-list');
  await list.getByText('被别人改过').waitFor();
  await picture(page, 'phone-outbox-choice');
  await list.getByRole('button', { name: '仍按我的办' }).tap();
  await eventually(page, () => document.querySelectorAll('.outbox-list li').length === 1);
  const [row] = (await apiAs('grid_worker', `/houses/${lived.id}`)).rooms.flatMap((room) => room.residents).filter((one) => one.residence.id === resident.residence.id);
  assert.equal(row.residence.kind, '借住', 'the other change stands');
  assert.ok(row.residence.verified_on >= resident.residence.verified_on, 'and the own one is in');
  assert.match(await list.locator('li').first().innerText(), /走访/);
  await list.getByRole('button', { name: '放弃' }).tap();
  await page.getByTestId('outbox').waitFor({ state: 'detached' });
  await close();
});

test('a clue is made in an alley without a network, survives the tab, and arrives once with its outline and photograph', async () => {
  const clues = async () => (await apiAs('grid_worker', '/collections/violation_case/items?f=json&limit=1000&state=10')).features;
  const before = await clues();
  const { page, url, close } = await openAsWorker({ offline: true });
  await eventually(page, async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated');
  await page.reload(); // with the worker on, what a start needs is kept
  await idle(page);
  const { features } = await apiAs('grid_worker', '/collections/building/items?f=json&limit=50');
  const place = features.map(({ geometry }) => inside(geometry)).find(Boolean);
  await page.context().grantPermissions(['geolocation']);
  await page.context().setGeolocation({ longitude: place[0], latitude: place[1], accuracy: 8 });
  await jump(page, place, 18);
  await page.getByTestId('open-report').tap();
  const form = page.getByTestId('report');
  await form.locator('[data-subject=clue]').tap();
  await form.getByText('在地图上点角点').waitFor();
  await page.context().setOffline(true);
  await form.getByRole('button', { name: '用本机定位' }).tap();
  await form.getByText('取自本机定位').waitFor();
  // The house stands on the map that is here: its outline is offered, though nobody can be asked.
  await form.getByText('此处房屋的外形').waitFor();
  await form.getByText('在地图上点角点').tap();
  const middle = await pixel(page, place);
  for (const [x, y] of [[-60, -20], [60, -20], [60, 60], [-60, 60]]) {
    await page.touchscreen.tap(middle.x + x, middle.y + y);
    await page.waitForTimeout(400); // two taps at once would be a double one
  }
  await picture(page, 'phone-clue');
  assert.match(await form.getByTestId('sketch-measure').innerText(), /4 个角[^]*平方米/);
  await form.getByText('在建', { exact: true }).tap();
  await form.locator('input[type=file]').setInputFiles(PHOTO);
  await form.locator('[name=address]').fill('巷尾无名棚');
  await form.getByRole('button', { name: '上报', exact: true }).tap();
  await form.getByText('已存在本机').waitFor();
  await picture(page, 'phone-clue-kept');

  const context = page.context();
  await page.close({ runBeforeUnload: false });
  await context.setOffline(false);
  const later = await context.newPage();
  await later.goto(url);
  await later.waitForSelector('.map[data-idle="true"]', { timeout: 60_000 });
  await later.getByTestId('outbox').waitFor({ state: 'detached' });
  const added = (await clues()).filter((own) => !before.some((old) => old.id === own.id));
  assert.equal(added.length, 1, 'one clue');
  const [{ id, properties, geometry }] = added;
  assert.deepEqual([properties.address, properties.source, properties.build_state], ['巷尾无名棚', '网格', '在建']);
  assert.match(properties.code, /线索\d{8}$/);
  assert.equal(geometry.coordinates[0].length, 5);
  const { attachments } = await apiAs('grid_worker', `/collections/violation_case/items/${id}/attachments`);
  assert.equal(attachments.length, 1, 'one photograph');
  await close();
});

/** What the device keeps: records of the page's databases, and entries of what was seen. */
const kept = (page) =>
  page.evaluate(async () => {
    const rows = {};
    for (const { name } of await indexedDB.databases()) {
      if (!name.startsWith('yizhangtu-')) continue;
      const db = await new Promise((ready) => { const asked = indexedDB.open(name); asked.onsuccess = () => ready(asked.result); });
      for (const store of db.objectStoreNames) {
        rows[store] = await new Promise((ready) => { const asked = db.transaction(store).objectStore(store).count(); asked.onsuccess = () => ready(asked.result); });
      }
      db.close();
    }
    rows.seen = 0;
    for (const name of await caches.keys()) if (name.startsWith('seen-')) rows.seen += (await (await caches.open(name)).keys()).length;
    return rows;
  });

/** A grid worker's page with the grid along and a report that waits. */
async function laden(user) {
  const { page, close } = await openAs(user, { device: PHONE, expected: /./, offline: true });
  await eventually(page, async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated');
  await page.reload();
  await page.getByTestId('account').tap();
  await page.getByRole('button', { name: '把我的网格带在身边' }).tap();
  await page.getByText(/本机有 \d+ 栋/).waitFor({ timeout: 120_000 });
  await page.keyboard.press('Escape');
  await jump(page, inside((await ownGrid()).geometry), 17);
  await page.getByTestId('open-report').tap();
  await page.getByText('垃圾堆积', { exact: true }).waitFor();
  await page.context().setOffline(true);
  await page.getByText('垃圾堆积', { exact: true }).tap();
  await page.getByTestId('report').getByRole('button', { name: '上报', exact: true }).tap();
  await page.getByText('已存在本机').waitFor();
  const full = await kept(page);
  for (const what of ['keys', 'operations', 'houses', 'seen']) assert.ok(full[what] > 0, `${what} in ${JSON.stringify(full)}`);
  return { page, close };
}

const EMPTY = { keys: 0, operations: 0, houses: 0 };

test('signing out leaves nothing on the device: no key, no work, no house, nothing that was seen', async () => {
  const { page, close } = await laden('grid_worker');
  // Nothing is sent while signing out: requests that write are lost, but for the signing out itself.
  await page.context().route('**/changes', (route) => (route.request().method() === 'POST' ? route.abort() : route.fallback()));
  await page.context().setOffline(false);
  page.on('dialog', (dialog) => dialog.accept());
  await page.getByTestId('account').tap();
  await Promise.all([page.waitForEvent('load'), page.getByTestId('sign-out').tap()]);
  await page.getByTestId('open-sign-in').waitFor();
  const { seen, ...rest } = await kept(page);
  assert.deepEqual(rest, EMPTY);
  const stale = await page.evaluate(async () => {
    const start = await caches.open('seen-start');
    const found = await start.match(new URL('session', location.href).href);
    return found ? (await found.json()).user : null;
  });
  assert.equal(stale, null, `of ${seen} entries none tells who was signed in`);
  await close();
});

test('a locked account’s telephone is wiped as soon as it hears of it, without being asked', async () => {
  const { page, close } = await laden('grid_worker');
  const lock = (locked) => apiAs('system_admin', '/accounts/grid_worker', { method: 'PATCH', body: JSON.stringify({ locked }) });
  await lock(true);
  try {
    await page.context().setOffline(false);
    await page.getByTestId('open-sign-in').waitFor();
    await eventually(page, () => !!document.querySelector('[data-testid="open-sign-in"]'));
    const until = Date.now() + 30_000;
    let rest = {};
    while (Date.now() < until) {
      rest = await kept(page).catch(() => ({ keys: -1 }));
      delete rest.seen;
      if (rest.keys === 0 && rest.houses === 0) break;
      await page.waitForTimeout(200);
    }
    assert.deepEqual(rest, EMPTY);
  } finally {
    await lock(false);
  }
  await close();
});
