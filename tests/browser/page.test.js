import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { api, idle, inside, jump, open, PHONE, picture, pixel, rendered, shown, stop } from './harness.js';

after(stop);

test('a link restores place, layers, selection and language', async () => {
  const grids = await api('/collections/grid/items?limit=2&f=json');
  const grid = grids.features[1];
  const [lon, lat] = inside(grid.geometry) ?? grid.geometry.coordinates.flat(Infinity);
  const at = `/#map=16.5/${lat.toFixed(5)}/${lon.toFixed(5)}&layers=grid,building&sel=grid/${grid.id}&lang=en`;
  const { page, close } = await open({ at });
  await page.locator('.inspector [data-field="code"]').waitFor();
  const view = await page.evaluate(() => document.querySelector('.map').stage.view());
  assert.ok(Math.abs(view.zoom - 16.5) < 0.01);
  assert.ok(Math.abs(view.center[0] - lon) < 1e-4 && Math.abs(view.center[1] - lat) < 1e-4);
  assert.equal(await page.locator('[data-layer="grid"] [role="switch"]').getAttribute('aria-checked'), 'true');
  assert.equal(await page.locator('[data-layer="village"] [role="switch"]').getAttribute('aria-checked'), 'false');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.ok((await page.locator('.inspector').innerText()).includes(grid.properties.code));

  // What is done then stands in the address, and a fresh page shows it again.
  await page.locator('[data-layer="village"] [role="switch"]').click();
  await page.waitForFunction(() => location.hash.includes('village'));

  // A link is followed though the map comes to rest before the page hears of it.
  const other = grids.features[0];
  await page.evaluate((id) => {
    location.hash = `sel=grid/${id}`;
    const { map } = document.querySelector('.map').stage;
    map.jumpTo({ zoom: map.getZoom() - 0.5 });
  }, other.id);
  await page.locator('.inspector').getByText(other.properties.code).first().waitFor();
  await close();
});

test('the language is switched at run time and remembered', async () => {
  const { page, close } = await open();
  await page.getByRole('button', { name: 'English', exact: true }).click();
  await page.getByRole('heading', { name: 'Layers', exact: true }).waitFor();
  assert.match(await page.getByTestId('synthetic').innerText(), /[a-z]{4}/i);
  await picture(page, 'desktop-english');
  const left = await page.evaluate(() => document.querySelector('.header').innerText.replace('中文', ''));
  assert.doesNotMatch(left.split('\n').slice(2).join(''), /[\u4e00-\u9fff]/, 'no Chinese is left in the tools');
  await page.evaluate(() => history.replaceState(null, '', location.pathname));
  await page.reload();
  await page.getByRole('heading', { name: 'Layers', exact: true }).waitFor();
  await close();
});

test('the keyboard reaches everything, and `?` lists the keys', async () => {
  const { page, close } = await open();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: '键盘快捷键' }).waitFor();
  await picture(page, 'desktop-keys');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.keyboard.press('l');
  assert.equal(await page.locator('.layer-panel').count(), 0);
  await page.keyboard.press('l');
  await page.locator('.layer-panel').waitFor();
  await page.keyboard.press('t');
  await page.locator('.table-panel').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.table-panel').count(), 0);
  // The map itself: focus, Enter asks for its centre.
  await page.locator('canvas.maplibregl-canvas').focus();
  await page.keyboard.press('Enter');
  await page.locator('.inspector').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.inspector').count(), 0);
  // Letters typed into a field are text.
  await page.fill('#search', '');
  await page.locator('#search').press('t');
  assert.equal(await page.locator('.table-panel').count(), 0);
  await close();
});

test('a base map that fails is said to, and the map goes on', async () => {
  const { page, close } = await open({
    expected: /basemaps|502/,
    before: async (page, url) => {
      await page.route(`${url}/basemaps`, (route) =>
        route.fulfill({
          json: [{ id: 'image', title: { zh: '影像', en: 'Imagery' }, kind: 'raster', tiles: ['/basemaps/image/{z}/{x}/{y}'], minzoom: 0, maxzoom: 18 }],
        }),
      );
      await page.route(`${url}/basemaps/image/**`, (route) => route.fulfill({ status: 502, body: '' }));
    },
  });
  await page.getByRole('button', { name: '底图', exact: true }).click();
  await page.getByRole('radio', { name: '影像' }).click();
  const message = page.getByTestId('basemap-failed');
  await message.waitFor();
  assert.match(await message.innerText(), /影像.*没有载入/);
  assert.ok((await rendered(page, 'building')) > 100, 'the village is still drawn');
  await message.getByRole('button', { name: '关闭底图' }).click();
  assert.equal(await message.count(), 0);
  await close();
});

test('without an answer, or without the right, the page says so in plain words', async () => {
  for (const [status, words] of [
    [401, '需要登录'],
    [500, '服务器出错'],
  ]) {
    const { page, close } = await open({
      wait: false,
      expected: /Failed to load resource/,
      before: (page, url) =>
        page.route(`${url}/catalog`, (route) =>
          route.fulfill({ status, contentType: 'application/problem+json', body: '{"title":"x"}' }),
        ),
    });
    await page.getByText(words).waitFor();
    await page.unroute(/catalog$/);
    await close();
  }
});

test('when the network goes the page says so, and goes on by itself', async () => {
  const { page, close } = await open({ expected: /ERR_INTERNET_DISCONNECTED|Failed to load resource/ });
  await page.context().setOffline(true);
  await page.getByText('与服务器的连接已断开').waitFor();
  await page.context().setOffline(false);
  await page.getByText('与服务器的连接已断开').waitFor({ state: 'detached', timeout: 15_000 });
  await close();
});

test('screen and paper both say that the data are synthetic', async () => {
  const { page, close } = await open();
  assert.ok(await page.getByTestId('synthetic').isVisible());
  const notice = await page.getByTestId('synthetic').innerText();
  assert.match(notice, /虚构|演示/);
  await page.emulateMedia({ media: 'print' });
  assert.ok(await page.locator('.print-frame .synthetic').isVisible());
  assert.equal(await page.locator('.header').isVisible(), false);
  await picture(page, 'print');
  await close();
});

test('on a phone one thumb reaches layers, inspector and statistics', async () => {
  const { page, close } = await open({ device: PHONE });
  await picture(page, 'phone-open');
  for (const button of await page.locator('.bottom-bar > button, .controls button').all()) {
    const box = await button.boundingBox();
    assert.ok(box.width >= 44 && box.height >= 44, `a target of ${box.width} × ${box.height}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} wide`);

  await page.getByRole('button', { name: '图层', exact: true }).tap();
  await page.locator('.layer-panel').waitFor();
  await picture(page, 'phone-layers');
  await page.locator('[data-layer="building"] [role="switch"]').tap();
  await page.locator('.layer-panel').getByRole('button', { name: '关闭', exact: true }).tap();
  await shown(page, 'building', false);

  const grids = await api('/collections/grid/items?limit=1&f=json');
  const point = inside(grids.features[0].geometry) ?? grids.features[0].geometry.coordinates.flat(Infinity).slice(0, 2);
  await jump(page, point, 16);
  const { x, y } = await pixel(page, point);
  await page.touchscreen.tap(x, y);
  await page.locator('.inspector .group').first().waitFor();
  await idle(page);
  const marked = await pixel(page, point);
  const sheet = await page.locator('.inspector').boundingBox();
  assert.ok(marked.y < sheet.y, 'the point asked for is not under the sheet');
  await picture(page, 'phone-inspector');
  await page.locator('.inspector').getByRole('button', { name: '关闭', exact: true }).tap();

  await page.getByRole('button', { name: '划区统计' }).tap();
  await page.locator('.draw-bar').waitFor();
  await idle(page);
  for (const [px, py] of [
    [120, 380],
    [300, 400],
    [260, 600],
  ]) {
    await page.touchscreen.tap(px, py);
    await page.waitForTimeout(350);
  }
  await picture(page, 'phone-drawing');
  await page.getByRole('button', { name: '完成' }).tap();
  await page.getByTestId('statistics').waitFor();
  await picture(page, 'phone-statistics');
  await close();
});

test('axe finds no serious fault', async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const { page, close } = await open();
  const violations = async () => {
    await page.evaluate(axe);
    const { violations: found } = await page.evaluate(() =>
      window.axe.run(document, { resultTypes: ['violations'] }),
    );
    return found
      .filter((each) => ['serious', 'critical'].includes(each.impact))
      .map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
  };
  assert.deepEqual(await violations(), []);
  await page.keyboard.press('t');
  await page.locator('.el-table-v2__row').first().waitFor();
  await page.locator('.el-table-v2__row').first().click();
  await page.locator('.inspector [data-field="code"]').waitFor();
  assert.deepEqual(await violations(), []);
  await page.keyboard.press('?');
  assert.deepEqual(await violations(), []);
  await close();
});
