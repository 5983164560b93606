// Signing in and out of the demonstration, in the page.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { open, PHONE, picture, stop } from './harness.js';

after(stop);

test('a guest sees the map, chooses a role of the demonstration, signs in and out', async () => {
  // A wrong password is answered with 401, which the browser's console repeats.
  const { page, close } = await open({ expected: /401 \(Unauthorized\)/ });
  await page.getByTestId('open-sign-in').click();
  const form = page.getByTestId('sign-in');
  await form.waitFor();
  assert.equal(await form.getByRole('listitem').count(), 17);
  await picture(page, 'sign-in');
  await form.locator('input[name=user]').fill('planner');
  await form.locator('input[name=password]').fill('not this');
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').waitFor();
  assert.match(await form.getByRole('alert').textContent(), /用户名或口令不正确/);
  await form.getByText('grid_worker', { exact: true }).click();
  await Promise.all([page.waitForEvent('load'), form.locator('button[type=submit]').click()]);
  const account = page.getByTestId('account');
  await account.waitFor();
  assert.match(await account.textContent(), /网格员/);
  await page.waitForSelector('.map[data-idle="true"]');
  const cookies = await page.evaluate(() => document.cookie);
  assert.equal(cookies, '', 'no script reads the session');
  await picture(page, 'signed-in');
  await account.click();
  await Promise.all([page.waitForEvent('load'), page.getByTestId('sign-out').click()]);
  await page.getByTestId('open-sign-in').waitFor();
  await close();
});

test('Escape leaves the form, and it fits a phone', async () => {
  const { page, close } = await open({ device: PHONE });
  await page.getByTestId('open-sign-in').click();
  const form = page.getByTestId('sign-in');
  await form.waitFor();
  const box = await form.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
  await picture(page, 'sign-in-phone');
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
  await close();
});

test('the auditor reads the log, and finds it whole', async () => {
  const { page, url, close } = await open();
  await page.getByTestId('open-sign-in').click();
  const form = page.getByTestId('sign-in');
  await form.getByText('auditor', { exact: true }).click();
  await Promise.all([page.waitForEvent('load'), form.locator('button[type=submit]').click()]);
  await page.getByTestId('account').click();
  await page.getByTestId('open-audit').click();
  const log = page.getByTestId('audit');
  await log.getByTestId('audit-state').waitFor();
  assert.match(await log.getByTestId('audit-state').textContent(), /日志完整/);
  await log.locator('tbody tr').first().waitFor();
  assert.match(await log.locator('tbody tr').first().textContent(), /auditor.*登录.*成功/s);
  const table = await page.request.get(await log.locator('a[download]').getAttribute('href'));
  assert.match(await table.text(), /login/);
  assert.equal((await page.request.get(`${url}/collections/building/items`)).status(), 404);
  await picture(page, 'audit');
  await close();
});
