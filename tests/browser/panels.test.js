// Every number of the panels opens its list, which tells the same number, and from there the map.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DESKTOP, eventually, idle, jump, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

const digits = (text) => Number(text.replace(/[^\d]/g, ''));

/** Opens the panels as a clerk would at a desk, or in an alley. */
async function panels(device, user) {
  const opened = await openAs(user, { device });
  const { page } = opened;
  if (device === PHONE) {
    await page.locator('.bottom-bar').getByRole('button', { name: '更多' }).tap();
    await page.locator('.menu').getByRole('button', { name: '面板' }).tap();
  } else {
    await page.locator('.tools').getByRole('button', { name: '面板' }).click();
  }
  await page.locator('.panels .tile').first().waitFor();
  return opened;
}

/** Touches each number found, and holds what its list tells against it; those of tables are left out. */
async function touchAll(page, selector) {
  const count = await page.locator(selector).count();
  const list = page.getByTestId('behind');
  let listed = 0;
  for (let at = 0; at < count; at += 1) {
    const number = page.locator(selector).nth(at);
    const told = await number.innerText();
    await number.click();
    await list.locator('.sum b').waitFor();
    // Shares, means and square metres open what they are made of: the list need not tell them.
    if (!/[%.米]/.test(told)) {
      assert.equal(digits(await list.locator('.sum b').innerText()), digits(told), `${selector} ${at}: ${told}`);
      listed += 1;
    }
    await list.locator('header .icon-button').click();
    await list.waitFor({ state: 'detached' });
  }
  return listed;
}

for (const [name, device, user] of [['a desk', DESKTOP, 'village_clerk'], ['a telephone', PHONE, 'grid_worker']]) {
  test(`on ${name} every number of the panels opens the houses that add up to it`, async () => {
    const { page, close } = await panels(device, user);
    const tab = (title) => page.locator('.panels').getByRole('tab', { name: title }).click();
    const houses = ['buildings', 'rooms', 'households', 'people', 'kind-来穗'].map((figure) => `[data-figure="${figure}"] button b`);
    assert.equal(await touchAll(page, houses.join(', ')), 5);
    await tab('人屋');
    await page.locator('[data-figure="unverified"]').waitFor();
    assert.ok((await touchAll(page, '[data-tab="people"] button.tile b')) >= 8);
    assert.ok((await touchAll(page, '.shares button .figures')) >= 10);
    await tab('网格');
    await page.locator('.ranking tbody tr').first().waitFor();
    const row = '.ranking tbody tr:first-child';
    assert.equal(await touchAll(page, ['houses', 'people', 'unverified'].map((of) => `${row} [data-column="${of}"] .value`).join(', ')), 3);
    await tab('走访');
    await page.locator('.coverage').waitFor();
    assert.ok((await touchAll(page, '.coverage > .legend .number-link, .rentals:not([data-testid="vehicles"]) .number-link')) >= 2);
    await close();
  });
}

test('on a telephone the houses behind a number are coloured where the sheet leaves the map free, and one comes back from a house', async () => {
  const { page, close } = await panels(PHONE, 'grid_worker');
  await page.locator('.panels').getByRole('tab', { name: '人屋' }).click();
  await page.locator('[data-figure="unverified"] button').click();
  const list = page.getByTestId('behind');
  await list.getByRole('button', { name: '上图' }).click();
  await eventually(page, () => !!document.querySelector('.map').stage.map.getLayer('dots'));
  // From afar they are dots, all of them beside the sheet.
  await eventually(page, () => {
    const { map } = document.querySelector('.map').stage;
    const drawn = map.queryRenderedFeatures({ layers: ['dots'] });
    const { top } = map.getContainer().getBoundingClientRect();
    const sheet = document.querySelector('.panels').getBoundingClientRect();
    return drawn.length > 10 && drawn.every(({ geometry }) => map.project(geometry.coordinates).y + top < sheet.top);
  });
  await picture(page, 'phone-behind');
  const first = list.locator('.entry').first();
  const id = await first.getAttribute('data-part');
  await first.tap();
  await page.locator('.house .residents').waitFor();
  await eventually(page, (house) => {
    const { map } = document.querySelector('.map').stage;
    return map.queryRenderedFeatures({ layers: ['selection:fill'] }).length > 0 && house.length > 0;
  }, id);
  await picture(page, 'phone-house-of-list');
  await page.locator('.inspector').getByRole('button', { name: '返回' }).tap();
  await list.locator(`[data-part="${id}"]`).waitFor();
  await list.locator('header .icon-button').tap();
  await eventually(page, () => !document.querySelector('.map').stage.map.getLayer('dots'));
  await close();
});

test('the numbers of a drawn area open their houses, cases, contracts and land', async () => {
  const { page, close } = await openAs('village_clerk');
  await page.locator('.map').waitFor();
  const center = await page.evaluate(() => document.querySelector('.map').stage.view().center);
  await jump(page, center, 16);
  await page.keyboard.press('p');
  await page.getByRole('radio', { name: '矩形' }).click();
  await idle(page);
  await page.mouse.click(500, 300);
  await page.mouse.move(600, 400);
  await page.mouse.click(800, 600);
  await page.locator('[data-testid="statistics"] p[data-figure="people"] b').waitFor();
  assert.ok((await touchAll(page, '[data-testid="statistics"] .number-link')) >= 12);
  const behind = page.getByTestId('behind');
  await page.locator('[data-figure="violations"] button').click();
  await behind.getByRole('button', { name: '上图' }).click();
  await eventually(page, () => !!document.querySelector('.map').stage.map.getLayer('shade:violation_case'));
  await picture(page, 'cases-behind');
  await behind.locator('.entry').first().click();
  await page.locator('.inspector').getByText('违建').first().waitFor();
  await picture(page, 'desktop-area-numbers');
  await close();
});
