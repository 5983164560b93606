import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, idle, open, picture, stop } from './harness.js';

after(stop);

const figure = async (page, name) =>
  Number((await page.locator(`[data-figure="${name}"]`).innerText()).replace(/[^\d.]/g, ''));

test('a drawn area counts what the server counts', async () => {
  const { page, close } = await open();
  await page.keyboard.press('p');
  await page.locator('.draw-bar').waitFor();
  await idle(page);
  for (const [x, y] of [
    [620, 330],
    [860, 350],
    [840, 600],
    [640, 590],
  ]) {
    await page.mouse.click(x, y);
    await page.waitForTimeout(120);
  }
  // Undo takes the last corner back, redo brings it again.
  await page.getByRole('button', { name: '撤销' }).click();
  await page.getByRole('button', { name: '重做' }).click();
  const live = await page.locator('.draw-bar .measures').innerText();
  assert.match(live, /平方米[\s\S]*亩[\s\S]*公顷/);
  const asked = page.waitForRequest((request) => request.url().endsWith('/statistics'));
  await page.getByRole('button', { name: '完成' }).click();
  const body = (await asked).postDataJSON();
  assert.equal(body.area.type, 'Polygon');
  assert.equal(body.area.coordinates[0].length, 5, 'four corners and the first again');
  await page.getByTestId('statistics').waitFor();

  const expected = await api('/statistics', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(expected.people.total > 0, 'the area holds people');
  assert.equal(await figure(page, 'people'), expected.people.total);
  assert.equal(await figure(page, 'households'), expected.households);
  assert.equal(await figure(page, 'buildings'), expected.buildings.count);
  assert.equal(await figure(page, 'violations'), expected.violations.count);
  // The area measured while drawing is the server's to 1 part in 10⁵.
  const drawn = Number(/([\d,.]+)\s*平方米/.exec(await page.locator('.draw-bar .measures').innerText())[1].replace(/,/g, ''));
  assert.ok(Math.abs(drawn / expected.area_m2 - 1) < 1e-5, `${drawn} and ${expected.area_m2}`);
  await picture(page, 'desktop-statistics');

  await page.getByRole('button', { name: '清除' }).click();
  assert.equal(await page.getByTestId('statistics').count(), 0);
  await close();
});

test('rectangle and circle are drawn with two clicks; a grid is counted by its outline', async () => {
  const { page, close } = await open();
  await page.keyboard.press('p');
  for (const shape of ['矩形', '圆形']) {
    await page.getByRole('radio', { name: shape }).click();
    await page.waitForTimeout(150);
    await page.mouse.click(700, 400);
    await page.mouse.move(780, 470, { steps: 4 });
    const asked = page.waitForResponse((response) => response.url().endsWith('/statistics'));
    await page.mouse.click(800, 480);
    assert.equal((await asked).status(), 200, shape);
    await page.getByTestId('statistics').waitFor();
  }
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.draw-bar').count(), 0);

  const grids = await api('/collections/grid/items?limit=1&f=json');
  const grid = grids.features[0];
  await page.fill('#search', grid.properties.code);
  await page.locator('[role="option"]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '统计此范围' }).click();
  await page.getByTestId('statistics').waitFor();
  const expected = await api('/statistics', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ layer: 'grid', id: String(grid.id) }),
  });
  assert.equal(await figure(page, 'people'), expected.people.total);
  await close();
});

test('distance is measured while drawing, and Escape gives it up', async () => {
  const { page, close } = await open();
  await page.keyboard.press('m');
  await page.locator('.draw-bar').waitFor();
  await idle(page);
  await page.mouse.click(600, 400);
  await page.mouse.click(800, 400);
  await page.mouse.click(800, 560);
  await page.waitForTimeout(150);
  await page.getByRole('button', { name: '完成' }).click();
  await page.getByRole('button', { name: '清除' }).waitFor();
  const metres = Number(/([\d,.]+)\s*米/.exec(await page.locator('.draw-bar .measures').innerText())[1].replace(/,/g, ''));
  const perPixel = await page.evaluate(() => document.querySelector('.map').stage.metresPerPixel());
  assert.ok(Math.abs(metres / (360 * perPixel) - 1) < 0.02, `${metres} m against ${360 * perPixel} m`);
  assert.equal(await page.locator('.inspector').count(), 0, 'drawing does not ask what is there');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.draw-bar').count(), 0);
  await close();
});
