// Spots judged one after the other and made cases of; where cases lie; polluting premises; who is on many cases.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiAs, eventually, openAs, picture, stop } from './harness.js';

after(stop);

const number = (text) => Number(/[\d,]+(\.\d+)?/.exec(text)[0].replaceAll(',', ''));

test('spots are judged by the keyboard, made cases of and taken back; the density adds up', async () => {
  const user = 'enforcer';
  const before = (await apiAs(user, '/collections/violation_spot/items?limit=1000&f=json')).features;
  const totals = (await apiAs(user, '/enforcement/totals')).total;
  const { page, close } = await openAs(user);
  await page.getByTestId('open-enforcement').click();

  // Hexagons and heat: what the legend adds up to is what the panel counts.
  const density = page.getByTestId('density');
  const figure = density.getByTestId('density-figure');
  for (const [shown, wanted] of [
    ['hex:cases', totals.cases],
    ['hex:demolished_area_m2', totals.demolished_area_m2],
    ['cases', totals.cases],
    ['heat:violation_area_m2', totals.violation_area_m2],
  ]) {
    await figure.selectOption(shown);
    await eventually(
      page,
      ([want]) => {
        const text = document.querySelector('[data-testid="density-total"]')?.textContent ?? '';
        const found = /[\d,]+(\.\d+)?/.exec(text)?.[0].replaceAll(',', '');
        return found !== undefined && Math.abs(Number(found) - want) < 0.006;
      },
      [wanted],
    );
    await page.waitForTimeout(300);
    if (shown !== 'cases') await picture(page, `desktop-${shown.replace(':', '-')}`);
  }
  await figure.selectOption('');

  // A number opens the cases that it is made of, and they the map; the way back is where one was.
  for (const [touched, wanted] of [['[data-figure=open]', totals.open], ['[data-funnel=filed]', totals.filed]]) {
    await page.getByTestId('enforcement').locator(`${touched} button`).click();
    const behind = page.getByTestId('behind');
    await behind.locator('[data-part]').first().waitFor();
    assert.equal(number(await behind.locator('.sum').innerText()), wanted);
    assert.equal(await behind.locator('[data-part]').count(), Math.min(wanted, 100));
    await behind.locator('[data-act=map]').click();
    await behind.locator('[data-act=map][aria-pressed=true]').waitFor();
    if (touched.includes('funnel')) await picture(page, 'desktop-cases-behind');
    await behind.getByRole('button', { name: '返回' }).click();
  }

  // 图斑核查.
  await page.getByTestId('open-spots').click();
  const panel = page.getByTestId('spots');
  await panel.locator('[data-spot]').first().waitFor();
  assert.equal(number(await panel.getByTestId('spots-count').innerText()), before.length);
  const first = await panel.locator('[data-spot]').first().getAttribute('data-spot');
  const judged = async (id) => (await apiAs(user, `/collections/violation_spot/items/${id}?f=json`)).properties;
  const was = (await judged(first)).judgement;
  await panel.locator('ul').focus();
  await page.keyboard.press('ArrowDown');
  await panel.locator(`[data-spot="${first}"][aria-current=true]`).waitFor();
  const wanted = was === '合法' ? '4' : '3'; // 伪变化, or 合法
  await page.keyboard.press(wanted);
  await panel.getByTestId('spots-said').waitFor();
  assert.notEqual((await judged(first)).judgement, was);
  assert.match((await judged(first)).judged_on, /^20\d\d-/);
  await picture(page, 'desktop-spots');
  await panel.locator('[data-action=undo]').click();
  await panel.getByText('已撤销', { exact: true }).waitFor();
  assert.equal((await judged(first)).judgement, was);

  // One click makes cases of many; they are counted, and lead back to the spot.
  await panel.locator('input[type=checkbox]').nth(0).check();
  await panel.locator('input[type=checkbox]').nth(1).check();
  await panel.locator('[data-action=make]').click();
  await panel.getByText('已为 2 个图斑登记线索').waitFor();
  assert.equal((await apiAs(user, '/enforcement/totals')).total.cases, totals.cases + 2);
  await panel.locator('[data-filter=linked]').selectOption('yes');
  await panel.locator('[data-spot]').first().waitFor();
  assert.ok((await panel.locator('[data-spot]').count()) >= 2);
  const made = (await judged(await panel.locator('[data-spot]').first().getAttribute('data-spot'))).violation_case;
  const clue = (await apiAs(user, `/collections/violation_case/items/${made}?f=json`)).properties;
  assert.deepEqual([clue.state, clue.source], ['10', '卫片']);
  await panel.locator('[data-action=undo]').click();
  await panel.getByText('已撤销', { exact: true }).waitFor();
  assert.equal((await apiAs(user, '/enforcement/totals')).total.cases, totals.cases);
  await panel.getByRole('button', { name: '关闭' }).click();

  // 散乱污: the cards, the list and the layer count the same.
  await page.getByTestId('open-scattered').click();
  const premises = page.getByTestId('scattered');
  await premises.getByTestId('scattered-count').waitFor();
  const list = (await apiAs(user, '/collections/place/items?limit=5000&f=json')).features;
  const listed = list.filter((one) => one.properties.swl_type);
  const card = async (name) => number(await premises.locator(`[data-figure=${name}] b`).innerText());
  assert.equal(await card('listed'), listed.length);
  assert.equal(await card('cleared'), listed.filter((one) => one.properties.cleared_on).length);
  assert.equal(number(await premises.getByTestId('scattered-count').innerText()), listed.length);
  await premises.locator('[data-filter=swl_type]').selectOption('污');
  const of = listed.filter((one) => one.properties.swl_type === '污').length;
  await eventually(page, (want) => document.querySelector('[data-testid="scattered-count"]').textContent.includes(`${want} `), of);
  await picture(page, 'desktop-scattered');
  if (of > 0) {
    // A place opens with its next step.
    await premises.locator('[data-place] button').first().click();
    await page.getByTestId('process').waitFor();
  }
  await close();
});
