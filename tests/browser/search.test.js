import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, idle, open, picture, stop } from './harness.js';

after(stop);

test('Ctrl K, a code, and the keyboard lead to the house', async () => {
  const houses = await api('/collections/building/items?limit=40&f=json');
  const house = houses.features[37];
  const { page, close } = await open();
  await page.keyboard.press('Control+k');
  await page.keyboard.type(house.properties.code);
  const option = page.locator('[role="option"]').first();
  await option.waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.locator('[role="option"][aria-selected="true"]').count(), 1);
  await picture(page, 'desktop-search');
  await page.keyboard.press('Enter');
  const panel = page.locator('.inspector');
  await panel.locator('[data-field="code"]').waitFor();
  assert.ok((await panel.innerText()).includes(house.properties.code));
  await idle(page);
  const view = await page.evaluate(() => {
    const box = document.querySelector('.map').stage.bounds();
    return box;
  });
  const [lon, lat] = house.geometry.coordinates.flat(Infinity);
  assert.ok(lon > view[0] && lon < view[2] && lat > view[1] && lat < view[3], 'the map went there');
  await close();
});

test('an address finds houses, and nonsense is said to find nothing', async () => {
  const { page, close } = await open();
  const houses = await api('/collections/building/items?limit=1&f=json');
  await page.fill('#search', houses.features[0].properties.address);
  await page.locator('[role="option"]').first().waitFor();
  assert.ok((await page.locator('[role="option"]').first().innerText()).length > 2);
  await page.fill('#search', '绝无此名绝无此名');
  await page.getByText('没有找到').first().waitFor();
  await close();
});

test('typed coordinates are a place, in GCJ-02 too', async () => {
  const catalog = await api('/catalog');
  const [west, south, east, north] = catalog.project.bounds;
  const [lon, lat] = [((west + east) / 2).toFixed(5), ((south + north) / 2).toFixed(5)];
  const { page, close } = await open();
  await page.fill('#search', `${lon},${lat}`);
  await page.locator('[role="option"]').first().waitFor();
  await page.keyboard.press('Enter');
  const position = page.locator('.inspector .position');
  await position.waitFor();
  assert.ok((await position.innerText()).includes(`${Number(lon).toFixed(6)}, ${Number(lat).toFixed(6)}`));

  await page.fill('#search', `gcj02 ${lon},${lat}`);
  await page.locator('[role="option"]').first().waitFor();
  const answered = page.waitForResponse((response) => response.url().includes('crs=gcj02'));
  await page.keyboard.press('Enter');
  const answer = await (await answered).json();
  const moved = Math.hypot((answer.point[0] - lon) * 102_400, (answer.point[1] - lat) * 110_700);
  assert.ok(moved > 400 && moved < 800, `a GCJ-02 coordinate is shifted by ${moved} m around Guangzhou`);
  await close();
});
