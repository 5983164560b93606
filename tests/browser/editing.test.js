import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, apiAsEditor, eventually, idle, jump, openAsEditor, PHONE, picture, pixel, serve, stop } from './harness.js';

after(stop);

const ring = (geometry) => (geometry.type === 'MultiPolygon' ? geometry.coordinates[0][0] : geometry.coordinates[0]);
const name = ([lon, lat]) => `${lon},${lat}`;
const corners = (geometry) => new Set(ring(geometry).map(name));
const item = (layer, id) => api(`/collections/${layer}/items/${id}?f=json`);
const save = (page) => page.locator('.edit-panel').getByRole('button', { name: '保存', exact: true }).last();

/** Opens a feature's form from its panel. */
async function edit(page, layer, id) {
  await page.goto(`${(await serve()).url}/#sel=${layer}/${id}`);
  await page.reload();
  await idle(page);
  await page.locator('.inspector [data-field]').first().waitFor();
  await page.locator('.inspector .actions').getByRole('button', { name: '编辑', exact: true }).click();
  await page.locator('.edit-panel .edit-form').waitFor();
  await idle(page);
}

/** Presses, moves and lets go; offsets in pixels. */
async function drag(page, from, [dx, dy]) {
  const { x, y } = await pixel(page, from);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx / 2, y + dy / 2);
  await page.mouse.move(x + dx, y + dy);
  await page.mouse.up();
  await idle(page);
}

/** Two grids and the corners that both have, away from other grids. */
async function neighbours() {
  const { features } = await api('/collections/grid/items?limit=50&f=json');
  for (const one of features) {
    for (const other of features) {
      if (one.id >= other.id) continue;
      const third = new Set(features.filter((each) => each !== one && each !== other).flatMap((each) => ring(each.geometry).map(name)));
      const shared = ring(one.geometry).filter((point) => corners(other.geometry).has(name(point)) && !third.has(name(point)));
      if (shared.length > 3) return { one, other, shared };
    }
  }
  throw new Error('no two grids share a border');
}

test('a new feature is drawn, its corners snap to houses, and it is saved with its fields', async () => {
  const { features } = await api('/collections/building/items?limit=400&f=json');
  const house = features.find((each) => ring(each.geometry).length === 5);
  const [a, b] = ring(house.geometry);
  const { page, close } = await openAsEditor();
  await jump(page, a, 19);
  await page.getByRole('button', { name: '编辑', exact: true }).click();
  const targets = page.waitForResponse((response) => /building\/items\?.*properties=id/.test(response.url()));
  await page.locator('[data-create="facility"]').click();
  await page.locator('.edit-bar').waitFor();
  await targets;
  await idle(page);
  // Near two corners of the house, and somewhere free.
  const at = await pixel(page, a);
  const to = await pixel(page, b);
  await page.mouse.move(at.x + 5, at.y - 4);
  await picture(page, 'desktop-snap');
  await page.mouse.click(at.x + 5, at.y - 4);
  await page.mouse.click(to.x - 5, to.y + 4);
  await page.mouse.click((at.x + to.x) / 2 + 60, (at.y + to.y) / 2 + 90);
  // One corner back and again.
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+y');
  await page.keyboard.press('Enter');

  // What the catalog requires is said at the field before anything is sent.
  await save(page).click();
  const kind = page.locator('.edit-form [data-field="kind"]');
  await kind.locator('.fault').waitFor();
  assert.equal(await kind.locator('.fault').innerText(), '必填');
  await kind.locator('select').selectOption('口袋公园');
  await page.locator('.edit-form [data-field="name"] input').fill('街角公园');
  await page.locator('.edit-form [data-field="name"] input').blur();
  await picture(page, 'desktop-form');
  await save(page).click();
  await page.locator('.inspector [data-field="name"]').waitFor();
  assert.match(await page.locator('.inspector').innerText(), /街角公园/);
  const { features: found } = await api(`/collections/facility/items?limit=5&f=json&name=${encodeURIComponent('街角公园')}`);
  assert.equal(found.length, 1);
  assert.ok(corners(found[0].geometry).has(name(a)) && corners(found[0].geometry).has(name(b)), 'both corners are those of the house, exactly');
  await close();
});

test('a corner of a shared border moves for both grids in one step, and is taken back in one', async () => {
  const { one, other, shared } = await neighbours();
  const corner = shared[Math.floor(shared.length / 2)];
  const { page, close } = await openAsEditor();
  await edit(page, 'grid', one.id);
  await jump(page, corner, 18.5);
  await page.locator('.edit-bar').getByText(/相邻要素/).waitFor();
  await drag(page, corner, [34, 26]);
  await picture(page, 'desktop-shared-corner');
  const before = (await api('/changes?since=0&limit=1')).sequence;
  await save(page).click();
  await page.locator('.inspector').waitFor();
  const now = { one: await item('grid', one.id), other: await item('grid', other.id) };
  assert.ok(!corners(now.one.geometry).has(name(corner)));
  assert.ok(!corners(now.other.geometry).has(name(corner)));
  const moved = ring(now.one.geometry).filter((point) => !corners(one.geometry).has(name(point)));
  assert.equal(moved.length, 1, 'one corner is new');
  assert.ok(corners(now.other.geometry).has(name(moved[0])), 'and the neighbour has the same');
  const log = await api(`/changes?since=${before}&limit=10`);
  assert.equal(new Set(log.changes.map((change) => change.change_set)).size, 1, 'both in one change set');

  await page.locator('.inspector').getByRole('button', { name: '关闭', exact: true }).click();
  await page.keyboard.press('Control+z');
  await eventually(
    page,
    async ([id, point]) => {
      const feature = await (await fetch(`/collections/grid/items/${id}?f=json`)).json();
      return JSON.stringify(feature.geometry).includes(`[${point}]`);
    },
    [other.id, name(corner)],
  );
  assert.deepEqual(corners((await item('grid', one.id)).geometry), corners(one.geometry));
  await close();
});

test('corners are set and taken away, undone and done again; a draft outlives a reload', async () => {
  const { features } = await api('/collections/renewal_unit/items?limit=1&f=json');
  const unit = features[0];
  const { page, close } = await openAsEditor();
  await edit(page, 'renewal_unit', unit.id);
  const shape = () =>
    page.evaluate(async () => {
      const { map } = document.querySelector('.map').stage;
      const { features } = await map.getSource('edit:shape').getData();
      return features.find((each) => each.properties.role === 'main').geometry;
    });
  const [a, b] = ring(unit.geometry);
  await jump(page, a, 18);
  const whole = ring(await shape()).length;
  await drag(page, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], [25, 18]);
  assert.equal(ring(await shape()).length, whole + 1, 'a corner more');
  await page.keyboard.press('Delete');
  await idle(page);
  assert.equal(ring(await shape()).length, whole);
  await page.keyboard.press('Control+z');
  await idle(page);
  assert.equal(ring(await shape()).length, whole + 1);
  await page.keyboard.press('Control+Shift+z');
  await idle(page);
  assert.equal(ring(await shape()).length, whole);
  await page.keyboard.press('Control+z');
  await page.locator('.edit-form [data-field="name"] input').fill('改名的单元');
  await page.locator('.edit-form [data-field="name"] input').blur();
  await page.getByText('未保存', { exact: true }).waitFor();
  // The draft is kept once the edit rests.
  await eventually(
    page,
    () =>
      new Promise((resolve) => {
        const asked = indexedDB.open('yizhangtu');
        asked.onsuccess = () => {
          const all = asked.result.transaction('drafts').objectStore('drafts').getAll();
          all.onsuccess = () => resolve(JSON.stringify(all.result).includes('改名的单元'));
        };
      }),
  );

  await page.reload();
  await idle(page);
  await page.getByRole('button', { name: '编辑', exact: true }).first().click();
  await page.getByTestId('draft').waitFor();
  await picture(page, 'desktop-draft');
  await page.getByRole('button', { name: '继续编辑' }).click();
  await page.locator('.edit-form [data-field="name"]').waitFor();
  assert.equal(await page.locator('.edit-form [data-field="name"] input').inputValue(), '改名的单元');
  await idle(page);
  assert.equal(ring(await shape()).length, whole + 1);

  // Given up, and nothing was written.
  page.once('dialog', (dialog) => dialog.accept());
  await page.locator('.edit-panel').getByRole('button', { name: '放弃' }).click();
  await page.locator('.edit-panel').waitFor({ state: 'detached' });
  assert.equal((await item('renewal_unit', unit.id)).properties.name, unit.properties.name);
  await close();
});

test('a hole is cut, and an outline that crosses itself is said to', async () => {
  const { features } = await api('/collections/asset/items?limit=200&f=json');
  const size = (feature) => {
    const lon = ring(feature.geometry).map((point) => point[0]);
    return Math.max(...lon) - Math.min(...lon);
  };
  const asset = features.filter((each) => each.geometry?.type === 'Polygon').sort((p, q) => size(q) - size(p))[0];
  const { page, close } = await openAsEditor();
  await edit(page, 'asset', asset.id);
  const owner = await item('co_op', asset.properties.co_op);
  await eventually(page, (name) => document.querySelector('[data-field="co_op"] input')?.value === name, owner.properties.name);
  const points = ring(asset.geometry).slice(0, -1);
  const middle = points.reduce((sum, point) => [sum[0] + point[0] / points.length, sum[1] + point[1] / points.length], [0, 0]);
  await jump(page, middle, 19);
  await page.locator('[data-tool="hole"]').click();
  const { x, y } = await pixel(page, middle);
  for (const [dx, dy] of [[-9, -9], [12, -9], [2, 14]]) {
    await page.mouse.click(x + dx * 2, y + dy * 2);
    await page.waitForTimeout(60);
  }
  await page.keyboard.press('Enter');
  await idle(page);
  await picture(page, 'desktop-hole');
  await save(page).click();
  await page.locator('.inspector').waitFor();
  assert.equal((await item('asset', asset.id)).geometry.coordinates.length, 2, 'an outer ring and a hole');
  await close();
});

test('a grid is split by a line, and merged again', async () => {
  const { features } = await api('/collections/grid/items?limit=50&f=json');
  const grid = features[0];
  const lon = ring(grid.geometry).map((point) => point[0]);
  const lat = ring(grid.geometry).map((point) => point[1]);
  const [west, east, south, north] = [Math.min(...lon), Math.max(...lon), Math.min(...lat), Math.max(...lat)];
  const { page, close } = await openAsEditor();
  await edit(page, 'grid', grid.id);
  await page.evaluate((box) => document.querySelector('.map').stage.map.fitBounds(box, { padding: { left: 420, right: 480, top: 190, bottom: 120 }, duration: 0 }), [west, south, east, north]);
  await idle(page);
  await page.locator('[data-tool="split"]').click();
  await page.locator('.edit-bar').getByRole('button', { name: '吸附', exact: true }).click();
  const middle = (west + east) / 2;
  const up = await pixel(page, [middle, north]);
  const down = await pixel(page, [middle, south]);
  await page.mouse.click(up.x, up.y - 22);
  await page.mouse.click(down.x, down.y + 22);
  await idle(page);
  await picture(page, 'desktop-split');
  await page.keyboard.press('Enter');
  // The new part is opened, to get its own code and name.
  await page.locator('.edit-panel .edit-form').waitFor();
  await eventually(page, async (n) => (await (await fetch('/collections/grid/items?limit=1&f=json')).json()).numberMatched === n, features.length + 1);
  await page.locator('.edit-panel').getByRole('button', { name: '放弃' }).click();

  const now = await api('/collections/grid/items?limit=50&f=json');
  const part = now.features.find((each) => !features.some((old) => old.id === each.id));
  await edit(page, 'grid', grid.id);
  await page.locator('[data-tool="merge"]').click();
  const inside = await api(`/statistics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ layer: 'grid', id: part.id }),
  });
  assert.ok(inside.area_m2 > 0, 'what lies in the part is counted for the part');
  const spot = ring(part.geometry).reduce((sum, point, _, all) => [sum[0] + point[0] / all.length, sum[1] + point[1] / all.length], [0, 0]);
  const there = await pixel(page, spot);
  await page.mouse.click(there.x, there.y);
  await page.locator('.edit-bar').getByText('已选 2 个').waitFor();
  await idle(page);
  assert.equal(await page.locator('.edit-bar .note').count(), 0, 'neither part crosses itself');
  await picture(page, 'desktop-merge');
  await page.getByRole('button', { name: '合并为一个' }).click();
  await page.locator('.inspector').waitFor();
  assert.equal((await api('/collections/grid/items?limit=1&f=json')).numberMatched, features.length);
  await close();
});

test('two people edit one house: the later sees both versions and chooses', async () => {
  const { features } = await api('/collections/building/items?limit=5&f=json');
  const house = features[2];
  const first = await openAsEditor();
  const second = await openAsEditor({ expected: /412/ });
  await edit(first.page, 'building', house.id);
  await edit(second.page, 'building', house.id);
  const field = (page, which) => page.locator(`.edit-form [data-field="${which}"] input`);
  const put = async (page, which, text) => {
    await field(page, which).fill(text);
    await field(page, which).blur();
  };
  await put(first.page, 'alias', '甲楼');
  await put(first.page, 'floors_up', '7');
  await save(first.page).click();
  await first.page.locator('.inspector').waitFor();

  // The other is told at once, without having saved.
  await second.page.getByTestId('outdated').waitFor();
  await put(second.page, 'alias', '乙楼');
  await save(second.page).click();
  const conflict = second.page.locator('.conflict');
  await conflict.waitFor();
  assert.match(await conflict.innerText(), /甲楼/);
  assert.match(await conflict.innerText(), /乙楼/);
  const goOn = conflict.locator('button.primary');
  assert.equal(await goOn.isDisabled(), true, 'what both changed has to be chosen');
  await picture(second.page, 'desktop-conflict');
  await conflict.locator('[data-conflict="alias"]').getByText('乙楼').click();
  await goOn.click();
  await save(second.page).click();
  await second.page.locator('.inspector').waitFor();
  const now = await item('building', house.id);
  assert.equal(now.properties.alias, '乙楼', 'mine, as chosen');
  assert.equal(now.properties.floors_up, 7, 'theirs, which I had not touched');
  await first.close();
  await second.close();
});

test('the history says who, when, before and after, and leads back', async () => {
  const { features } = await api('/collections/place/items?limit=3&f=json');
  const place = features[1];
  const { page, close } = await openAsEditor();
  await edit(page, 'place', place.id);
  const [lon, lat] = place.geometry.coordinates;
  await jump(page, [lon, lat], 19);
  await drag(page, [lon, lat], [60, 40]);
  await page.locator('.edit-form [data-field="name"] input').fill('搬了的店');
  await page.locator('.edit-form [data-field="name"] input').blur();
  await page.getByPlaceholder('修改说明（可不填）').fill('现场核查');
  await save(page).click();
  await page.locator('.inspector').waitFor();
  await page.getByRole('button', { name: '历史' }).click();
  const entry = page.locator('.entry-of-history').first();
  await entry.waitFor();
  const text = await entry.innerText();
  assert.match(text, /修改/);
  assert.match(text, /现场核查/);
  assert.ok(text.includes('搬了的店') && text.includes(place.properties.name), text);
  await entry.getByRole('button', { name: '在图上对比' }).click();
  await idle(page);
  await picture(page, 'desktop-history');
  page.once('dialog', (dialog) => dialog.accept());
  await entry.getByRole('button', { name: '撤销这次修改' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.entry-of-history').length >= 2);
  const now = await item('place', place.id);
  assert.equal(now.properties.name, place.properties.name);
  assert.deepEqual(now.geometry.coordinates, place.geometry.coordinates);
  await close();
});

test('what is deleted is gone for all, and comes back', async () => {
  const { features } = await api('/collections/place/items?limit=10&f=json');
  const place = features[5];
  const { page, close } = await openAsEditor({ expected: /404/ });
  await edit(page, 'place', place.id);
  page.once('dialog', (dialog) => dialog.accept());
  await page.locator('.edit-panel').getByRole('button', { name: '删除要素' }).click();
  await page.locator('.edit-panel').waitFor({ state: 'detached' });
  const { url } = await serve();
  assert.equal((await fetch(`${url}/collections/place/items/${place.id}?f=json`)).status, 404);
  await page.getByRole('button', { name: '编辑', exact: true }).first().click();
  await page.getByRole('button', { name: '撤回', exact: true }).click();
  await eventually(page, async (id) => (await fetch(`/collections/place/items/${id}?f=json`)).ok, place.id);
  await close();
});

test('on a phone a feature is drawn with taps and with the point in the middle', async () => {
  const { page, close } = await openAsEditor({ device: PHONE });
  const { features } = await api('/collections/grid/items?limit=1&f=json');
  await jump(page, ring(features[0].geometry)[0], 18);
  await page.getByRole('button', { name: '更多' }).tap();
  await page.locator('.bottom-bar .menu').getByRole('button', { name: '编辑' }).tap();
  await page.locator('[data-create="facility"]').tap();
  await page.locator('.edit-bar').waitFor();
  await idle(page);
  for (const [x, y] of [
    [110, 420],
    [290, 430],
  ]) {
    await page.touchscreen.tap(x, y);
    await page.waitForTimeout(350);
  }
  await page.evaluate(() => document.querySelector('.map').stage.map.panBy([0, 90], { duration: 0 }));
  await page.getByRole('button', { name: '在中心加点' }).tap();
  await idle(page);
  await picture(page, 'phone-editing');
  await page.locator('.edit-bar').getByRole('button', { name: '完成' }).tap();
  await page.locator('.edit-bar').getByRole('button', { name: '属性与保存' }).tap();
  await page.locator('.edit-panel .edit-form').waitFor();
  await picture(page, 'phone-form');
  await page.locator('.edit-form [data-field="kind"] select').selectOption('口袋公园');
  page.once('dialog', (dialog) => dialog.accept());
  await page.locator('.edit-panel').getByRole('button', { name: '放弃' }).tap();
  await close();
});

test('a line is traced along a border between two clicks', async () => {
  const { one, shared } = await neighbours();
  const border = ring(one.geometry).slice(0, -1);
  const from = border.findIndex((point) => name(point) === name(shared[0]));
  // Three corners further on, the way along the border is longer than the straight line.
  const to = border[(from + 3) % border.length];
  const { page, close } = await openAsEditor();
  await jump(page, shared[0], 16);
  await page.getByRole('button', { name: '编辑', exact: true }).click();
  const targets = page.waitForResponse((response) => /grid\/items\?.*properties=id/.test(response.url()));
  await page.locator('[data-create="facility"]').click();
  await page.locator('.edit-bar').waitFor();
  await targets;
  await page.locator('[data-tool="trace"]').click();
  await idle(page);
  for (const corner of [shared[0], to]) {
    const { x, y } = await pixel(page, corner);
    await page.mouse.move(x + 2, y + 2);
    await page.mouse.click(x + 2, y + 2);
    await page.waitForTimeout(100);
  }
  await idle(page);
  await picture(page, 'desktop-trace');
  const drawn = await page.evaluate(async () => {
    const { map } = document.querySelector('.map').stage;
    const both = await Promise.all(['edit:shape', 'edit:hand'].map((source) => map.getSource(source).getData()));
    return both.flatMap(({ features }) => features.map((each) => JSON.stringify(each.geometry.coordinates)));
  });
  for (const step of [1, 2]) {
    const [lon, lat] = border[(from + step) % border.length];
    assert.ok(drawn.some((text) => text.includes(`${lon},${lat}`)), `${lon},${lat} in ${drawn}`);
  }
  page.once('dialog', (dialog) => dialog.accept());
  await page.locator('.edit-panel').getByRole('button', { name: '放弃' }).click();
  await close();
});

test('on a phone a draft comes back after a reload, and a change of somebody else is met', async () => {
  const { features } = await api('/collections/grid/items?limit=50&f=json');
  const grid = features[1];
  const { page, close } = await openAsEditor({ device: PHONE, expected: /412/ });
  await page.goto(`${(await serve()).url}/#sel=grid/${grid.id}`);
  await page.reload();
  await idle(page);
  await page.locator('.inspector .actions').getByRole('button', { name: '编辑', exact: true }).tap();
  await page.locator('.edit-bar').waitFor();
  await page.locator('.edit-bar').getByRole('button', { name: '属性与保存' }).tap();
  const leader = page.locator('.edit-form [data-field="leader"] input');
  await leader.fill('手机上改的');
  await leader.blur();
  await eventually(
    page,
    () =>
      new Promise((resolve) => {
        const asked = indexedDB.open('yizhangtu');
        asked.onsuccess = () => {
          const all = asked.result.transaction('drafts').objectStore('drafts').getAll();
          all.onsuccess = () => resolve(JSON.stringify(all.result).includes('手机上改的'));
        };
      }),
  );
  await page.reload();
  await idle(page);
  await page.getByRole('button', { name: '更多' }).tap();
  await page.locator('.bottom-bar .menu').getByRole('button', { name: '编辑' }).tap();
  await page.getByTestId('draft').waitFor();
  await picture(page, 'phone-draft');
  await page.getByRole('button', { name: '继续编辑' }).tap();
  await page.locator('.edit-bar').waitFor();
  const form = page.locator('.edit-bar').getByRole('button', { name: '属性与保存' });
  if (await form.isVisible()) await form.tap();
  await leader.waitFor();
  assert.equal(await leader.inputValue(), '手机上改的');
  // Somebody else was faster.
  await apiAsEditor('/changes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      changes: [{ op: 'update', layer: 'grid', id: grid.id, version: (await api(`/collections/grid/items/${grid.id}/history`)).version, feature: { properties: { leader: '别人改的' } } }],
    }),
  });
  await save(page).tap();
  const conflict = page.locator('.conflict');
  await conflict.waitFor();
  await picture(page, 'phone-conflict');
  await conflict.locator('[data-conflict="leader"]').getByText('手机上改的').tap();
  await conflict.locator('button.primary').tap();
  await save(page).tap();
  await page.locator('.inspector').waitFor();
  await eventually(page, async ([id, text]) => (await (await fetch(`/collections/grid/items/${id}?f=json`)).json()).properties.leader === text, [grid.id, '手机上改的']);
  await close();
});
