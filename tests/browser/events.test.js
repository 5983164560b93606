// 上报: a problem reported from a telephone, with a network and without one.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually, inside, jump, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

/** The page of a grid worker on a telephone. */
const openAsWorker = (options = {}) => openAs('grid_worker', { device: PHONE, ...options });

/** Stands in the worker's own grid. */
async function stand(page, url) {
  const ask = async (path) => (await page.context().request.get(new URL(path, url).href)).json();
  const [own] = (await ask('/session')).territory;
  const grid = await ask(`/collections/grid/items/${own.id}?f=json`);
  await jump(page, inside(grid.geometry), 17);
}

/** The events that the worker can read, newest first. */
async function events(page, url) {
  const answer = await page.context().request.get(
    new URL('/collections/grid_event/items?f=json&limit=20&sortby=-reported_at', url).href,
  );
  return (await answer.json()).features;
}

test('a problem is reported in three taps', async () => {
  const { page, url, close } = await openAsWorker();
  await stand(page, url);
  const before = await events(page, url);
  let taps = 0;
  const tap = async (target) => {
    taps += 1;
    await target.tap();
  };
  await tap(page.getByTestId('open-report'));
  await tap(page.getByText('垃圾堆积', { exact: true }));
  await picture(page, 'report-phone');
  await tap(page.getByTestId('report').getByRole('button', { name: '上报', exact: true }));
  await page.getByText('已上报').waitFor();
  assert.ok(taps <= 6, `${taps} taps`);
  const [made] = await events(page, url);
  assert.notEqual(made.id, before[0]?.id);
  assert.equal(made.properties.type, '垃圾堆积');
  assert.match(made.properties.code, /^\d{12}E\d{6}$/);
  await page.getByRole('button', { name: '查看办理进度' }).tap();
  await page.getByText(made.properties.code).first().waitFor();
  await close();
});

test('what is reported without a network survives a closed page and is sent once', async () => {
  const { page, url, close } = await openAsWorker({
    offline: true,
    expected: /ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_FAILED|503/,
  });
  // The service worker has taken the page over, and holds what it needs to start.
  await eventually(page, async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated');
  await page.reload();
  await page.getByTestId('open-report').waitFor();
  await stand(page, url);
  const before = await events(page, url);

  await page.context().setOffline(true);
  await page.getByTestId('open-report').tap();
  await page.getByText('路灯故障', { exact: true }).tap();
  await page.getByTestId('report').getByRole('button', { name: '上报', exact: true }).tap();
  await page.getByText('已存在本机').waitFor();
  await picture(page, 'report-offline');

  await page.reload();
  await page.getByTestId('outbox').waitFor();
  await page.context().setOffline(false);
  await page.getByTestId('outbox').waitFor({ state: 'detached' });
  const now = await events(page, url);
  const added = now.filter((event) => !before.some((old) => old.id === event.id));
  assert.deepEqual(
    added.map((event) => event.properties.type),
    ['路灯故障'],
  );
  await close();
});
