import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, apiAsEditor, open, serve, stop } from './harness.js';

after(stop);

/** Changes a feature from outside the browser, as another person's page would. */
async function change(layer, id, feature) {
  const { url } = await serve();
  const read = await fetch(`${url}/collections/${layer}/items/${id}?f=json`);
  const version = Number(/\d+/.exec(read.headers.get('etag'))[0]);
  return apiAsEditor('/changes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: '测试', changes: [{ op: 'update', layer, id, version, feature }] }),
  });
}

test('the table and the layer’s count follow', async () => {
  const { page, close } = await open();
  const { features, numberMatched } = await api('/collections/place/items?limit=1&f=json');
  await page.locator('[data-layer="place"] .main').waitFor();
  await page.keyboard.press('t');
  await page.locator('#table-layer').selectOption('place');
  await page.getByTestId('table-count').getByText(`共 ${numberMatched} 条`).waitFor();
  const { id, geometry, properties } = features[0];
  const { code, ...rest } = properties;
  const added = await apiAsEditor('/changes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      reason: '新增',
      changes: [{ op: 'insert', layer: 'place', feature: { geometry, properties: filled({ ...rest, ...(code ? { code: `${code}-9` } : {}), name: '新开的店' }) } }],
    }),
  });
  await page.getByTestId('table-count').getByText(`共 ${numberMatched + 1} 条`).waitFor();
  await page.locator('[data-layer="place"]').getByText(String(numberMatched + 1)).waitFor();
  assert.notEqual(added.features[0].id, id);
  await close();
});

/** Without empty fields and what is shown masked. */
const filled = (properties) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && !String(value).includes('*')));

test('a page that lost the connection says so, and catches up by itself', async () => {
  const { features } = await api('/collections/building/items?limit=9&f=json');
  const house = features[7];
  const { page, close } = await open({ expected: /ERR_INTERNET_DISCONNECTED|Failed to load resource|net::/ });
  await page.goto(`${page.url().split('#')[0]}#sel=building/${house.id}`);
  await page.reload();
  await page.locator('.inspector [data-field="code"]').waitFor();
  await page.context().setOffline(true);
  await page.getByText('与服务器的连接已断开').waitFor();
  await change('building', house.id, { properties: { alias: '离线时改的' } });
  await page.context().setOffline(false);
  await page.locator('.inspector').getByText('离线时改的').waitFor();
  await page.getByText('与服务器的连接已断开').waitFor({ state: 'detached' });
  await close();
});
