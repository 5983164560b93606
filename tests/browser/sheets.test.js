import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { api, apiAsEditor, eventually, open, PHONE, picture, serve, stop } from './harness.js';

after(stop);

test('sheets of a grid are printed from the page, on the paper asked for', async () => {
  const { page, close } = await open();
  await page.getByRole('button', { name: '打印', exact: true }).click();
  const list = page.getByTestId('sheets');
  await list.locator('li').nth(14).waitFor();
  assert.equal(await list.locator('li').count(), 15);
  await picture(page, 'desktop-printing');
  await page.locator('.printing').getByRole('combobox', { name: '网格' }).selectOption({ label: '第三网格' });
  await page.getByLabel('纸张').selectOption('A4');
  await eventually(page, () => document.querySelectorAll('[data-testid="sheets"] li').length === 2);
  const address = await list.locator('a').first().getAttribute('href');
  const document = await fetch(address);
  assert.equal(document.headers.get('content-type'), 'application/pdf');
  assert.match(await document.text(), /^%PDF-[\s\S]*MediaBox \[0 0 841\.8/);

  const arriving = page.waitForEvent('download');
  await page.getByTestId('all-sheets').click();
  const zip = await readFile(await (await arriving).path());
  assert.equal(zip.subarray(0, 2).toString(), 'PK');
  const names = zip.toString('latin1').match(/440118101224003-0\d\.pdf/g);
  assert.deepEqual(new Set(names), new Set(['440118101224003-01.pdf', '440118101224003-02.pdf']));
  await close();
});

test('a sheet’s code tells on a telephone that it holds, and within a second that it no longer does', async () => {
  const { sheets, sequence } = await api('/sheets');
  const { page, close } = await open({ at: `/#sheet=${sheets[4].id}&at=${sequence}`, device: PHONE });
  const verdict = page.locator('.standing .verdict');
  await verdict.getByText('最新').waitFor();
  await page.locator('.standing').getByText(sheets[4].title).waitFor();
  await picture(page, 'phone-sheet-latest');

  // A house in the middle of the sheet is given another name by somebody else.
  const [west, south, east, north] = sheets[4].bbox;
  const { features } = await api(`/collections/building/items?bbox=${west},${south},${east},${north}&limit=200&f=json`);
  const { url } = await serve();
  let since = 0;
  for (const house of features) {
    const read = await fetch(`${url}/collections/building/items/${house.id}?f=json`);
    const version = Number(/\d+/.exec(read.headers.get('etag'))[0]);
    await apiAsEditor('/changes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        reason: '测试',
        changes: [{ op: 'update', layer: 'building', id: house.id, version, feature: { properties: { alias: '新名' } } }],
      }),
    });
    since = Date.now();
    const state = await api(`/sheets/${sheets[4].id}?at=${sequence}`);
    if (state.standing.status === 'outdated') break;
  }
  await verdict.getByText('已过期').waitFor();
  assert.ok(Date.now() - since < 5000, 'the verdict follows at once');
  await page.locator('.standing').getByText('涉及 1 栋房屋').waitFor();
  await picture(page, 'phone-sheet-outdated');
  await close();
});
