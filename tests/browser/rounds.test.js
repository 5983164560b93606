// 洗楼: a round over some grids, its coverage on the map; rentals declared and checked; plates counted at night.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiAs, eventually, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

test('a round over two grids is begun, a visit counts in it, houses and grids have its colours', async () => {
  const { page, close } = await openAs('village_clerk');
  await page.locator('.tools').getByRole('button', { name: '面板' }).click();
  await page.locator('.panels').getByRole('tab', { name: '走访' }).click();
  const panel = page.locator('.coverage');
  await panel.getByRole('button', { name: '新轮次' }).click();
  await panel.locator('[name="title"]').fill('十一月洗楼');
  await panel.locator('[name="due_on"]').fill('2027-01-31');
  for (const grid of ['第一网格', '第二网格']) await panel.getByLabel(grid, { exact: true }).check();
  await picture(page, 'desktop-round-new');
  await panel.getByRole('button', { name: '开始' }).click();
  await eventually(page, () => document.querySelectorAll('.coverage .grids li').length === 2);

  const [round] = (await apiAs('village_clerk', "/collections/survey_round/items?f=json&limit=10&sortby=-due_on")).features;
  const told = await apiAs('village_clerk', `/coverage?round=${round.id}`);
  const first = told.houses.slice(0, 3);
  const visit = (house, outcome) => ({
    op: 'insert',
    layer: 'visit',
    feature: { properties: { building: house.id, round: String(round.id), outcome, visited_at: new Date().toISOString() } },
  });
  await apiAs('village_clerk', '/changes', {
    method: 'POST',
    body: JSON.stringify({ reason: '走访', changes: [visit(first[0], '已访'), visit(first[1], '无人'), visit(first[2], '拒访')] }),
  });
  for (const state of ['seen', 'absent', 'refused'])
    await eventually(page, (name) => document.querySelector(`.legend [data-state="${name}"] b`)?.textContent === '1', state);
  await panel.getByRole('button', { name: '房屋上图' }).click();
  await eventually(page, () => !!document.querySelector('.map').stage.map.getLayer('shade:building'));
  await panel.getByRole('button', { name: '网格上图' }).click();
  await eventually(page, () => !!document.querySelector('.map').stage.map.getLayer('shade:grid') && !document.querySelector('.map').stage.map.getLayer('shade:building'));
  await picture(page, 'desktop-round-grids');
  // What is left is listed by address, as many as the figure says.
  const left = panel.locator('[data-state="left"] b button');
  const figure = Number((await left.innerText()).replace(/\D/g, ''));
  await left.click();
  const list = page.getByTestId('behind');
  assert.match(await list.locator('.entry-title').first().innerText(), /号|巷|街|路/, 'houses are called by their address');
  assert.equal(Number((await list.locator('.sum b').innerText()).replace(/\D/g, '')), figure);
  await close();
});

test('on a telephone a rental is declared, found true and then counted; a false one stays on the list', async () => {
  const houses = await apiAs('grid_worker', '/collections/building/items?limit=60&f=json');
  const house = houses.features.find((one) => one.properties.rental === false) ?? houses.features[0];
  const { page, close } = await openAs('grid_worker', { device: PHONE, at: `/#sel=building/${house.id}` });
  const list = page.locator('.house [data-list="rental_declaration"]');
  for (const [landlord, verdict, state] of [['陈某甲', '核查相符', '已核'], ['陈某乙', '核查不符', '不符']]) {
    await list.locator('[data-act="declare"]').tap();
    await page.locator('.act-form [name="landlord"]').fill(landlord);
    await page.locator('.act-form .buttons .primary').tap();
    await list.getByText('待核').waitFor();
    await picture(page, 'phone-declared');
    await list.getByRole('button', { name: verdict }).tap();
    await list.getByText(state, { exact: true }).waitFor();
  }
  const now = await apiAs('grid_worker', `/houses/${house.id}`);
  assert.equal(now.properties.rental, true, 'a rental that was found true is one');
  assert.deepEqual(now.declarations.map((one) => one.state).sort(), ['不符', '已核'].sort());
  await close();
});

test('plates are counted at night, each once, and are residents after three nights', async () => {
  const { page, close } = await openAs('grid_worker', { device: PHONE, expected: /422/ });
  const { territory: [own] } = await apiAs('grid_worker', '/session');
  const house = (await apiAs('grid_worker', '/collections/building/items?limit=1&f=json')).features[0];
  const [at] = house.geometry.type === 'Polygon' ? house.geometry.coordinates[0] : house.geometry.coordinates[0][0];
  const before = await apiAs('grid_worker', '/coverage');
  const night = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
  for (const days of [3, 2, 2])
    await apiAs('grid_worker', '/night-counts', { method: 'POST', body: JSON.stringify({ at: night(days), place: at, plates: ['粤A·D12345', '粤a m0001'] }) });
  await page.evaluate((to) => document.querySelector('.map').stage.map.jumpTo({ center: to, zoom: 17 }), at);
  await page.locator('.bottom-bar').getByRole('button', { name: '更多' }).tap();
  await page.locator('.menu').getByRole('button', { name: '面板' }).tap();
  await page.locator('.panels').getByRole('tab', { name: '走访' }).tap();
  const form = page.getByTestId('night-count');
  await form.locator('summary').tap();
  await form.locator('[name="plates"]').fill('粤AD12345\n没有车牌');
  await form.locator('button[type=submit]').tap();
  await form.getByRole('alert').waitFor();
  assert.match(await form.getByRole('alert').innerText(), /车牌/);
  await form.locator('[name="plates"]').fill('粤AD12345');
  await form.locator('button[type=submit]').tap();
  await form.getByText('已是常住 1 辆').waitFor();
  await picture(page, 'phone-night-count');
  const now = await apiAs('grid_worker', '/coverage');
  assert.equal(now.total.vehicles.resident - before.total.vehicles.resident, 1);
  assert.equal(now.total.vehicles.counted - before.total.vehicles.counted, 2);
  assert.ok(own.id);
  // The numbers lead to the vehicles, and the choice above says what is listed.
  await page.getByTestId('vehicles').getByRole('button').tap();
  await page.locator('#table-layer').waitFor();
  assert.match(await page.locator('#table-layer option:checked').innerText(), /车/);
  const { numberMatched } = await apiAs('grid_worker', '/collections/vehicle/items?limit=1');
  await page.getByTestId('table-count').getByText(String(numberMatched)).waitFor();
  await picture(page, 'phone-vehicles');
  await close();
});
