import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, idle, jump, open, picture, stop } from './harness.js';

after(stop);

const count = async (page) => Number((await page.getByTestId('table-count').innerText()).replace(/\D/g, ''));
const settled = (page) => page.waitForSelector('.table-panel .grid[aria-busy="false"]');

test('the table counts, sorts and pages as the server does', async () => {
  const { page, close } = await open();
  const all = await api('/collections/building/items?limit=1&f=json');
  await page.getByRole('button', { name: '属性表', exact: true }).first().click();
  await page.locator('.el-table-v2__row').first().waitFor();
  assert.equal(await count(page), all.numberMatched);

  const sorted = page.waitForResponse((response) => /items\?.*sortby=-code/.test(response.url()));
  const heading = page.locator('.table-panel .sort').first();
  await heading.click();
  await heading.click();
  const answer = await (await sorted).json();
  await settled(page);
  const codes = answer.features.map((feature) => feature.properties.code);
  assert.deepEqual(codes, [...codes].sort().reverse());
  assert.ok((await page.locator('.el-table-v2__row').first().innerText()).includes(codes[0]));
  await picture(page, 'desktop-table');

  await page.getByRole('button', { name: '下一页' }).click();
  await page.getByText('101–200').waitFor();
  await close();
});

test('a row leads to the map, and the view filters the rows', async () => {
  const { page, close } = await open();
  await page.keyboard.press('t');
  const row = page.locator('.el-table-v2__row').nth(2);
  await row.waitFor();
  const code = (await row.innerText()).split('\n')[0];
  await row.click();
  await page.locator('.inspector [data-field="code"]').waitFor();
  assert.ok((await page.locator('.inspector').innerText()).includes(code));
  await page.locator('.el-table-v2__row.selected').waitFor();
  await idle(page);

  const all = await count(page);
  await page.getByLabel('只看当前视图').check();
  await settled(page);
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid="table-count"]').innerText.replace(/\D/g, '')) < n, all);
  const near = await count(page);
  assert.ok(near > 0 && near < all, `${near} of ${all} in view`);
  await jump(page, [100, 10], 15);
  await page.getByText('当前视图内没有记录').waitFor();
  await close();
});

test('a table without geometry opens from the tree', async () => {
  const { page, close } = await open();
  await page.locator('[data-layer="contract"] .main').click();
  await page.locator('.el-table-v2__row').first().waitFor();
  assert.equal(await count(page), 32, 'the demonstration village has 32 contracts');
  await close();
});
