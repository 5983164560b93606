import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, inside, jump, open, picture, pixel, stop } from './harness.js';

after(stop);

/** A house with residents, a point in it, and what the server says of the point. */
async function livedIn() {
  const houses = await api('/collections/building/items?limit=200&f=json');
  for (const house of houses.features) {
    const point = inside(house.geometry);
    if (!point) continue;
    const found = await api(`/lookup?point=${point.join(',')}`);
    if (found.at.building?.[0]?.id === house.id && found.residents?.length > 2) return { house, point, found };
  }
  throw new Error('no house with residents among the first 200');
}

test('a click says the house, its grid with the worker, and masked residents', async () => {
  const { house, point, found } = await livedIn();
  const { page, close } = await open();
  await jump(page, point, 18);
  const { x, y } = await pixel(page, point);
  await page.mouse.click(x, y);
  const panel = page.locator('.inspector');
  await panel.locator('.house .residents').waitFor();
  const text = await panel.innerText();
  const grid = found.at.grid[0];
  assert.ok(text.includes(house.properties.address ?? house.properties.code), text);
  assert.ok(text.includes(grid.name), `${grid.name} in ${text}`);
  assert.ok(text.includes(grid.worker), 'the grid worker is named');
  assert.ok(text.includes(`${found.residents.length} 人`), 'the number of residents');
  for (const resident of found.residents) assert.match(resident.name, /\*/, 'the server masks names');
  assert.match(text, /\*/);
  await picture(page, 'desktop-inspector');
  await close();
});

test('from the list to a feature with labelled fields, and back', async () => {
  const { point, found } = await livedIn();
  const { page, close } = await open();
  await jump(page, point, 18);
  const { x, y } = await pixel(page, point);
  await page.mouse.click(x, y);
  const panel = page.locator('.inspector');
  await panel.locator('[data-group="grid"] .entry').first().click();
  await panel.locator('[data-field="code"]').waitFor();
  const catalog = await api('/catalog');
  const label = catalog.layers.find((layer) => layer.id === 'grid').fields.find((field) => field.name === 'worker').label.zh;
  assert.ok((await panel.innerText()).includes(label), 'fields carry the labels of the catalog');
  assert.match(decodeURIComponent(page.url()), new RegExp(`sel=grid/${found.at.grid[0].id}`));
  await picture(page, 'desktop-feature');
  await panel.getByRole('button', { name: '返回' }).click();
  await panel.locator('.house').waitFor();
  await panel.getByRole('button', { name: '关闭' }).click();
  assert.equal(await panel.count(), 0);
  await close();
});

test('outside every village the page says that nothing is there', async () => {
  const { page, close } = await open({ at: '/#map=12/23.0/113.0' });
  const { x, y } = await pixel(page, [113.0, 23.0]);
  await page.mouse.click(x, y);
  const panel = page.locator('.inspector');
  await panel.locator('.message, .group, .nearest').first().waitFor();
  assert.ok((await panel.innerText()).includes('点位查询'));
  assert.equal(await panel.locator('.house').count(), 0);
  await close();
});
