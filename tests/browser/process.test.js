// Where a case stands, what may be done next, and what is counted, in the page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { api, apiAs, eventually, idle, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

const PHOTO = readFileSync(new URL('../data/photo.jpg', import.meta.url));
/** Where a case's standing is asked for. */
const stands = (id) => `/collections/violation_case/items/${id}/process`;

/** The first case in a state. */
async function caseIn(state) {
  const found = await api(`/collections/violation_case/items?state=${state}&limit=1&f=json`);
  assert.ok(found.features.length, `no case in ${state}`);
  return found.features[0];
}

test('a dispatcher takes a clue in; the next step is for another role, and the log says who did what', async () => {
  const clue = await caseIn('10');
  const { page, close } = await openAs('dispatcher', {
    at: `/#sel=violation_case/${clue.id}`,
    // The step is refused once for want of evidence, which the console repeats.
    expected: /422 \(Unprocessable/,
  });
  const panel = page.getByTestId('process');
  await panel.waitFor();
  assert.equal(await panel.getByTestId('process-state').innerText(), '线索发现');
  await panel.locator('[data-step=accept] > button').click();
  await picture(page, 'desktop-process-form');
  const form = panel.locator('.step-form');
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').first().waitFor();
  assert.match(await form.innerText(), /须有照片或卫片图斑号/);
  await form.locator('[data-ask=spot_no] input').fill('TB2023-17');
  await form.locator('button[type=submit]').click();
  await panel.getByText('已办理“受理线索”').waitFor();
  assert.equal(await panel.getByTestId('process-state').innerText(), '待核查');
  await panel.locator('.others summary').click();
  assert.match(await panel.locator('.others').innerText(), /现场核查\s*执法队员/);
  assert.match(await panel.locator('.log').innerText(), /受理线索[\s\S]*分拨员/);
  await picture(page, 'desktop-process');
  await panel.getByRole('button', { name: /流程图/ }).click();
  const machine = page.getByTestId('machine');
  await machine.locator('[data-state="75"]').click();
  assert.match(await machine.innerText(), /催告并公告[\s\S]*救济期 15 日 \/ 6 个月/, 'nobody skips the time for remedies');
  await picture(page, 'desktop-machine');
  await close();
});

test('the panel of 两违 counts as the server does, and its ways lead to the cases', async () => {
  const told = await api('/enforcement/totals?by=year&date=demolished');
  const { page, close } = await openAs('enforcement_lead');
  await page.getByTestId('open-enforcement').click();
  const panel = page.getByTestId('enforcement');
  await panel.waitFor();
  assert.match(
    await panel.locator('[data-figure=demolished]').innerText(),
    new RegExp(`^${told.total.demolished}\\s*宗`),
  );
  const areas = await panel.locator('tbody tr td:last-child').allInnerTexts();
  const sum = areas.reduce((all, text) => all + Math.round(Number(text.replaceAll(',', '')) * 100), 0);
  assert.equal(sum, Math.round(told.total.demolished_area_m2 * 100), 'the groups add up to the total');
  await picture(page, 'desktop-enforcement');

  // Grids are coloured by the same numbers, and the legend adds up to the total.
  const density = panel.getByTestId('density');
  await density.getByTestId('density-figure').selectOption('demolished_area_m2');
  await density.getByTestId('density-total').waitFor();
  const legend = (await density.getByTestId('density-total').innerText()).replaceAll(',', '');
  assert.equal(Math.round(Number(/[\d.]+/.exec(legend)[0]) * 100), sum);
  await idle(page);
  const colored = () => page.evaluate(() => document.querySelector('.map').stage.map.queryRenderedFeatures({ layers: ['shade:grid'] }).length);
  assert.ok((await colored()) > 0, 'the grids have their colours');
  await picture(page, 'desktop-density');
  await density.getByTestId('density-figure').selectOption('clusters');
  await idle(page);
  const counted = await page.evaluate(() => {
    const { map } = document.querySelector('.map').stage;
    const { clientWidth: width, clientHeight: height } = map.getCanvas();
    const seen = map.queryRenderedFeatures([[-width, -height], [2 * width, 2 * height]], { layers: ['clusters:circle'] });
    return [...new Map(seen.map((own) => [own.geometry.coordinates.join(), own.properties.count])).values()].reduce((all, own) => all + own, 0);
  });
  assert.equal(counted, told.total.cases, 'the numbers on the map add up to the total');
  await picture(page, 'desktop-clusters');
  await density.getByTestId('density-figure').selectOption('');

  // The report of a year says what the panel says of it; the one before is a step away.
  await panel.locator('[data-action=case-report]').click();
  const report = page.getByTestId('case-report');
  await report.getByTestId('report-period').selectOption('year');
  const year = told.groups.filter((group) => group.key).at(-1);
  await report.getByTestId('report-day').fill(`${year.key}-06-30`);
  const heading = (of) => report.getByRole('heading', { name: `两违年报（${of}年）` }).waitFor();
  await heading(year.key);
  const row = report.locator('[data-section=progress] tr', { has: page.getByText('拆除', { exact: true }) });
  assert.equal(Number(await row.locator('td').nth(2).innerText()), year.demolished);
  await picture(page, 'desktop-case-report');
  await report.locator('[data-action=earlier]').click();
  await heading(year.key - 1);
  await report.getByRole('button', { name: '关闭' }).click();
  await panel.locator('[data-late]').first().click();
  await page.getByTestId('process').waitFor();
  await close();
});

test('the next round is planned, drawn on the map, and leads to its places', async () => {
  const round = await apiAs('enforcement_lead', '/enforcement/patrol');
  const { page, close } = await openAs('enforcement_lead');
  await page.getByTestId('open-enforcement').click();
  const patrol = page.getByTestId('patrol');
  await patrol.getByRole('button', { name: '排巡查路线' }).click();
  await patrol.getByTestId('patrol-sums').getByText(`本轮 ${round.rows.length} 处`).waitFor();
  await idle(page);
  const drawn = await page.evaluate(() => document.querySelector('.map').stage.map.queryRenderedFeatures({ layers: ['way:stop'] }).length);
  assert.ok(drawn > 0, 'the stops are on the map');
  await picture(page, 'desktop-patrol');
  await patrol.locator('[data-stop]').first().click();
  await page.locator('.inspector').waitFor();
  assert.ok(page.url().includes(round.rows[0].id));
  await close();
});

/** A photograph that differs from every other: a comment behind the marker that begins a JPEG. */
const photograph = (number) => ({
  name: `现场${number}.jpg`,
  mimeType: 'image/jpeg',
  buffer: Buffer.concat([PHOTO.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 4, 7, number]), PHOTO.subarray(2)]),
});

test('on a telephone a case is checked on site: doubles are offered, its shape is walked around, and without a network it waits', async () => {
  const filed = await caseIn('20');
  const ring = filed.geometry.coordinates[0];
  const [lon, lat] = [0, 1].map((axis) => ring.map((at) => at[axis]));
  const [west, south, east, north] = [Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)];
  // The same place came in once more, a few days apart.
  const double = { kind: '违法建设', state: '10', found_on: filed.properties.found_on, address: '又一线索' };
  const made = await apiAs('enforcer', '/collections/violation_case/items', {
    method: 'POST',
    headers: { 'content-type': 'application/geo+json' },
    body: JSON.stringify({ type: 'Feature', geometry: filed.geometry, properties: double }),
  });
  const { page, close } = await openAs('enforcer', {
    device: PHONE,
    at: `/#sel=violation_case/${filed.id}`,
    expected: /ERR_INTERNET_DISCONNECTED|Failed to fetch/,
  });
  const stand = (longitude, latitude) => page.context().setGeolocation({ longitude, latitude, accuracy: 4 });
  await page.context().grantPermissions(['geolocation']);
  await stand(west, south);
  const panel = page.getByTestId('process');
  const doubles = panel.getByTestId('duplicates');
  await doubles.locator('summary').click();
  assert.ok((await doubles.innerText()).includes(made.properties.code), 'within 20 m and 90 days');
  await panel.locator('[data-step=inspect] > button').click();
  const form = panel.locator('.step-form');
  await form.locator('[data-photos]').scrollIntoViewIfNeeded();
  await idle(page);
  const wide = await form.evaluate((element) => element.scrollWidth <= element.clientWidth + 1);
  assert.ok(wide, 'nothing is cut off at the side');
  await picture(page, 'phone-process');

  const choose = (name, value) => form.locator(`[data-ask=${name}] select`).selectOption(value);
  await choose('finding', '属实');
  await form.locator('[data-ask=handlers] input').fill('甲某、乙某');
  await choose('permit', '未报建');
  await choose('is_new', 'true');
  await form.getByRole('button', { name: '取当前位置' }).click();
  await form.getByText(/已定位，精度约 4 米/).waitFor();
  await form.getByText('沿边走一圈').click();
  const measure = form.getByTestId('sketch-measure');
  for (const [count, corner] of [[west, south], [east, south], [east, north], [west, north]].entries()) {
    await stand(...corner);
    await measure.getByText(`${count + 1} 个角`).waitFor();
  }
  assert.match(await measure.innerText(), /\d 平方米/);
  await page.context().setOffline(true);
  await form.locator('[data-photos] input').setInputFiles([1, 2, 3].map(photograph));
  await form.getByText('3/3').waitFor();
  await measure.scrollIntoViewIfNeeded();
  await picture(page, 'phone-sketch');
  await form.locator('button[type=submit]').click();
  await panel.getByText(/“现场核查”已存在本机/).waitFor();
  assert.equal((await apiAs('enforcer', stands(filed.id))).state, '20');
  await picture(page, 'phone-step-waits');
  await page.context().setOffline(false);
  await eventually(page, () => document.querySelector('[data-testid=process-state]')?.textContent === '已核查');
  const [last] = (await apiAs('enforcer', stands(filed.id))).log.slice(-1);
  assert.equal(last.attachments.filter((one) => one.sort === 'photo').length, 3);
  assert.ok(last.data.happened_at < last.at, 'it tells when it was done');
  const { geometry } = await apiAs('enforcer', `/collections/violation_case/items/${filed.id}?f=json`);
  assert.equal(geometry.coordinates[0].length, 5);
  await close();
});
