import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, eventually, openAsEditor, picture, stop } from './harness.js';

after(stop);

const count = async (layer) => (await api(`/collections/${layer}/items?limit=1&f=json`)).numberMatched;

/** Drops files on the page as a file manager does. */
async function drop(page, files) {
  const data = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const [name, text] of all) transfer.items.add(new File([text], name));
    return transfer;
  }, files);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
  await page.getByText('松开以导入').waitFor();
  await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
}

/** Points of the village as a table, the second with a kind that there is not. */
async function table() {
  const { features } = await api('/collections/facility/items?limit=400&f=json');
  const points = features.filter((each) => each.geometry?.type === 'Point').slice(0, 3);
  assert.equal(points.length, 3);
  const rows = points.map(({ geometry, properties }, at) => [
    `IMP-${at + 1}`,
    at === 1 ? '不存在的类别' : properties.kind,
    `导入的设施${at + 1}`,
    geometry.coordinates[0] + 0.00002,
    geometry.coordinates[1],
  ]);
  return [['编号', '设施类别', '叫法', '经度', '纬度'], ...rows].map((row) => row.join(',')).join('\r\n');
}

test('a dropped file is checked, its report read, then written, then taken back', async () => {
  const before = await count('facility');
  const { page, close } = await openAsEditor();
  await drop(page, [['实有设施-现场采集.csv', await table()]]);
  const report = page.getByTestId('import-report');
  await report.waitFor();
  assert.equal(await page.locator('#import-layer').inputValue(), 'facility', 'the name says the layer');
  assert.equal(await report.locator('[data-count="read"] dd').innerText(), '3');
  assert.equal(await report.locator('[data-count="added"] dd').innerText(), '2');
  assert.equal(await report.locator('[data-count="refused"] dd').innerText(), '1');
  const refusal = await report.locator('[data-refusal]').innerText();
  assert.ok(refusal.includes('不存在的类别') && /第 [23] 行/.test(refusal), refusal);
  // A column that nobody knows by its name is told what it is.
  const matching = page.getByTestId('field-matching');
  assert.equal(await matching.locator('[data-column="叫法"] select').inputValue(), '', 'left out');
  await matching.locator('[data-column="叫法"] select').selectOption('name');
  await picture(page, 'desktop-import');
  await matching.getByRole('button', { name: '重新检查' }).click();
  await eventually(page, () => document.querySelector('[data-column="叫法"] select')?.value === 'name');
  assert.equal(await matching.locator('button').count(), 0, 'what was chosen was checked');
  assert.equal(await count('facility'), before, 'nothing was written by the check');

  const write = page.locator('.import-panel .foot .primary');
  assert.equal(await write.isDisabled(), true, 'with a refused row nothing is written unasked');
  await page.getByLabel('只导入合格的行').check();
  await write.click();
  await page.getByText('已写入', { exact: true }).waitFor();
  assert.equal(await count('facility'), before + 2);
  const { features } = await api('/collections/facility/items?limit=1&f=json&code=IMP-1');
  assert.equal(features[0].properties.name, '导入的设施1');
  await page.locator('[data-layer="facility"]').getByText(String(before + 2)).waitFor();
  await picture(page, 'desktop-import-done');

  await page.getByRole('button', { name: '撤回这次导入' }).click();
  await page.getByText('已撤回这次导入').waitFor();
  assert.equal(await count('facility'), before);
  await close();
});

test('a file that is none says so, and changes nothing', async () => {
  const before = await count('facility');
  const { page, close } = await openAsEditor();
  await drop(page, [['设施.shp', 'this is no shapefile']]);
  await page.locator('#import-layer').selectOption('facility');
  await page.getByTestId('import-problem').waitFor();
  const words = await page.getByTestId('import-problem').innerText();
  assert.match(words, /^设施\.shp/, 'the file is named, not where it lies on the server');
  assert.equal(await count('facility'), before);
  await close();
});

test('what is ticked in the table is exported, and no more', async () => {
  const { page, url, close } = await openAsEditor();
  await page.keyboard.press('t');
  await page.locator('.el-table-v2__row').first().waitFor();
  for (const at of [0, 2]) await page.locator('.el-table-v2__row input').nth(at).check();
  await page.getByRole('button', { name: '导出', exact: true }).click();
  await page.getByText('选中的 2 条').waitFor();
  await picture(page, 'desktop-export');
  const at = await page.locator('[data-export="geojson"]').getAttribute('href');
  const answer = await page.context().request.get(new URL(at, url).href);
  assert.equal(answer.headers()['feature-count'], '2');
  assert.match(answer.headers()['content-disposition'], /attachment.*building\.geojson/);
  assert.equal((await answer.json()).features.length, 2);
  const download = page.waitForEvent('download');
  await page.locator('[data-export="xlsx"]').click();
  assert.equal((await download).suggestedFilename(), 'building.xlsx');
  await close();
});
