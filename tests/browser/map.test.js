import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, idle, jump, open, picture, rendered, shown, stop } from './harness.js';

after(stop);

test('the map draws features of every visible layer, and nothing comes from outside', async () => {
  const { page, close } = await open();
  const catalog = await api('/catalog');
  const [west, south, east, north] = catalog.project.bounds;
  const visible = catalog.layers.filter((layer) => layer.style?.visible && layer.count > 0 && layer.tiles);
  assert.ok(visible.some((layer) => layer.id === 'building'), 'buildings are on when the map opens');
  await picture(page, 'desktop-open');
  await jump(page, [(west + east) / 2, (south + north) / 2], 15.6);
  for (const layer of visible) {
    assert.ok((await rendered(page, layer.id)) > 0, `${layer.id} has ${layer.count} features and draws none`);
  }
  await close();
});

test('what the tree shows is what the map draws', async () => {
  const { page, close } = await open();
  const row = page.locator('[data-layer="building"] [role="switch"]');
  assert.ok((await rendered(page, 'building')) > 100);
  assert.equal(await row.getAttribute('aria-checked'), 'true');
  await row.click();
  assert.equal(await row.getAttribute('aria-checked'), 'false');
  await shown(page, 'building', false);

  await page.locator('[data-layer="co_op"] [role="switch"]').click();
  await shown(page, 'co_op', true);

  const theme = page.locator('[data-theme="grids"] .theme-head .eye');
  await theme.click();
  for (const layer of ['village', 'grid', 'co_op']) await shown(page, layer, false);
  await close();
});

test('the tree says the count of the catalog, and fades a layer', async () => {
  const { page, close } = await open();
  const catalog = await api('/catalog');
  const houses = catalog.layers.find((layer) => layer.id === 'building');
  const row = page.locator('[data-layer="building"]');
  assert.match(await row.locator('.count').innerText(), new RegExp(houses.count.toLocaleString('en-US')));
  await row.locator('.more').click();
  await row.locator('[role="slider"]').focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowLeft');
  const opacity = await page.evaluate(() =>
    document.querySelector('.map').stage.map.getPaintProperty('layer:building:fill', 'fill-opacity'),
  );
  assert.ok(Math.abs(opacity - houses.style.fill_opacity * 0.95) < 1e-6, `opacity ${opacity}`);
  await close();
});

test('a legend shows each code with the colour that the map draws', async () => {
  const { page, close } = await open();
  await page.locator('[data-layer="land_use"] [role="switch"]').click();
  await idle(page);
  const swatches = await page.locator('[data-layer="land_use"] .legend li').count();
  assert.ok(swatches > 3);
  await picture(page, 'desktop-land-use');
  await close();
});

test('buttons zoom, and home comes back to the whole village', async () => {
  const { page, close } = await open();
  const zoom = () => page.evaluate(() => document.querySelector('.map').stage.map.getZoom());
  const before = await zoom();
  await page.getByRole('button', { name: '放大' }).click();
  await idle(page);
  assert.ok((await zoom()) > before + 0.9);
  await page.getByRole('button', { name: '回到全图' }).click();
  await idle(page);
  assert.ok(Math.abs((await zoom()) - before) < 0.2);
  await close();
});
