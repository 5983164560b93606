import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiAs, eventually, idle, openAs, PHONE, picture, serve, stop } from './harness.js';

after(stop);

/** The day that the report of 东华 is of. */
const DAY = '2023-06-30';

test('the ledger on the map: what ends soon, what is owed and idle, a relief, and from contract to asset and back', async () => {
  await serve();
  const ledger = () => apiAs('asset_manager', `/contracts?on=${DAY}`);
  const before = await ledger();
  const many = before.contracts.find((own) => own.assets.length > 1);
  assert.ok(many, 'a contract over several assets');
  const { page, close } = await openAs('asset_manager');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '集体合同' }).click();
  await page.getByTestId('contracts').waitFor();
  await page.locator('[name="ledger-on"]').fill(DAY);
  await eventually(page, () => !document.querySelector('[data-soon="ended"]'));
  assert.match(await page.locator('[data-sum="count"]').innerText(), /^32/);
  assert.match(await page.locator('[data-sum="amount"]').innerText(), /2,727\.5/);
  // Every asset of a contract and every idle one is on the map once, coloured by how soon it ends.
  const counts = await page.locator('[data-soon] .figures').evaluateAll((all) => all.map((own) => Number(own.textContent)));
  assert.equal(counts.reduce((sum, own) => sum + own, 0), new Set([...before.assets, ...before.idle].map((own) => own.id)).size);
  const painted = await page.evaluate(() => {
    const paint = document.querySelector('.map').stage.map.getPaintProperty('shade:asset', 'fill-color');
    return paint.filter(Array.isArray).slice(1).flat().length;
  });
  assert.equal(painted, counts.reduce((sum, own) => sum + own, 0));
  await idle(page);
  await picture(page, 'desktop-contracts');
  for (const [filter, many] of [['30', before.expiring[0]], ['90', before.expiring[2]], ['arrears', before.contracts.filter((own) => own.arrears_fen > 0).length], ['guide', before.below_guide]]) {
    await page.locator(`[data-filter="${filter}"]`).click();
    assert.equal(await page.locator('[data-contract]').count(), many, filter);
  }
  await page.locator('[data-filter="idle"]').click();
  assert.equal(await page.locator('[data-soon="idle"] .figures').innerText(), String(before.idle.length));
  await page.locator('[data-filter="all"]').click();

  // One contract over several assets: each is shown, and its record leads back.
  await page.locator(`[data-contract="${many.id}"] .name`).click();
  const detail = page.getByTestId('contract-detail');
  await detail.locator('[data-month]').first().waitFor();
  assert.equal(await detail.locator('[data-asset]').count(), many.assets.length);

  // Relief of one month: half of its rent, and not a 分 of the base.
  const year = many.start_on.slice(0, 4);
  await detail.locator('[name="rent-year"]').selectOption(String(Number(year) + 1));
  const due = () => detail.locator('[data-sum="due"]').innerText();
  const whole = await due();
  const [first] = (await apiAs('asset_manager', `/contracts/${many.id}/rent`)).filter((own) => own.from.startsWith(String(Number(year) + 1)));
  const last = new Date(new Date(first.from).setUTCMonth(new Date(first.from).getUTCMonth() + 1) - 864e5).toISOString().slice(0, 10);
  await detail.locator('[data-action="add-relief"]').click();
  await detail.locator('[name="relief-from"]').fill(first.from);
  await detail.locator('[name="relief-to"]').fill(last);
  await detail.locator('[name="relief-percent"]').fill('50');
  await detail.locator('[name="relief-reason"]').fill('减租通知第3号');
  await picture(page, 'desktop-contracts-relief');
  await detail.getByRole('button', { name: '保存减免' }).click();
  await detail.locator('[data-relief="50"]').waitFor();
  await eventually(page, (was) => document.querySelector('[data-sum="due"]')?.textContent.trim() !== was, whole);
  const months = await apiAs('asset_manager', `/contracts/${many.id}/rent`);
  const relieved = months.find((own) => own.from === first.from);
  assert.equal(relieved.relief_fen, Math.round(first.rent_fen / 2));
  assert.equal(relieved.rent_fen, first.rent_fen);
  await detail.locator('[data-action="drop-relief"]').click();
  await eventually(page, (was) => document.querySelector('[data-sum="due"]')?.textContent.trim() === was, whole);
  assert.deepEqual((await ledger()).contracts.find((own) => own.id === many.id).reliefs, many.reliefs);

  await detail.getByRole('button', { name: '登记内容' }).click();
  // Its record tells what the ledger tells of today, whatever was registered.
  const { contracts: [today] } = await apiAs('asset_manager', `/contracts?contract=${many.id}`);
  assert.equal(await page.getByTestId('asset-contracts').locator('[data-state]').getAttribute('data-state'), today.state);
  await page.locator('[data-field="asset"] .follow').first().click();
  await page.getByTestId('asset-contracts').waitFor();
  await picture(page, 'desktop-contracts-asset');
  await page.locator(`[data-testid="asset-contracts"] [data-contract="${many.id}"]`).click();
  await page.locator('[data-field="asset"] .follow').nth(1).waitFor();
  await close();
});

test('the ledger on a telephone', async () => {
  const { page, close } = await openAs('asset_manager', { device: PHONE });
  await page.getByRole('button', { name: '更多' }).click();
  await page.getByRole('button', { name: '更新单元' }).click();
  await page.getByRole('tab', { name: '集体合同' }).click();
  await page.locator('[name="ledger-on"]').fill(DAY);
  await page.locator('[data-contract] .name').first().click();
  await page.getByTestId('contract-detail').waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await picture(page, 'phone-contracts');
  await close();
});
