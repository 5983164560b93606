// What administrators do in the page, and looking behind a mask.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { open, PHONE, picture, stop } from './harness.js';

after(stop);

async function signIn(page, user) {
  await page.getByTestId('open-sign-in').click();
  const form = page.getByTestId('sign-in');
  await form.getByText(user, { exact: true }).click();
  await Promise.all([page.waitForEvent('load'), form.locator('button[type=submit]').click()]);
  await page.getByTestId('account').waitFor();
}

test('the system administrator makes an account; its password is shown once', async () => {
  const { page, close } = await open();
  await signIn(page, 'system_admin');
  await page.getByTestId('account').click();
  await page.getByTestId('open-accounts').click();
  const accounts = page.getByTestId('accounts');
  await accounts.getByRole('listitem').nth(16).waitFor();
  const name = `zhou.${Date.now().toString(36)}`;
  await accounts.locator('input[name=user]').fill(name);
  await accounts.locator('input[name=name]').fill('周七');
  await accounts.getByTestId('make-account').locator('button[type=submit]').click();
  const shown = accounts.getByTestId('shown-once');
  await shown.waitFor();
  assert.match(await shown.locator('code').textContent(), /^.{16}$/);
  const row = accounts.getByRole('listitem').filter({ hasText: name });
  await row.getByText('停用', { exact: true }).click();
  await row.getByText('已停用').waitFor();
  await picture(page, 'accounts');
  await close();
});

test('the security administrator gives a role and a territory by name', async () => {
  for (const [device, shape] of [[undefined, ''], [PHONE, '-phone']]) {
    const { page, close } = await open({ device });
    await signIn(page, 'security_admin');
    await page.getByTestId('account').click();
    await page.getByTestId('open-accounts').click();
    const accounts = page.getByTestId('accounts');
    const row = accounts.getByRole('listitem').filter({ hasText: 'handler' });
    await row.getByRole('button', { name: '授予角色' }).click();
    const form = accounts.getByTestId('give-role');
    await form.locator('select[name=level]').selectOption('grid');
    await form.locator('input[name=place]').fill('第三网格');
    await form.getByRole('checkbox', { name: /第三网格/ }).check();
    await form.locator('select[name=level]').selectOption('village');
    await form.locator('input[name=place]').fill('');
    await form.getByRole('checkbox').first().check();
    await picture(page, `give-role${shape}`);
    await form.getByRole('button', { name: '移除 东华村' }).click();
    await form.getByRole('button', { name: '授予', exact: true }).click();
    await row.getByText('管辖范围：第三网格').waitFor();
    const wider = await accounts.evaluate((element) => element.scrollWidth - element.clientWidth);
    assert.ok(wider <= 1, `${wider} px too wide`);
    await picture(page, `territory${shape}`);
    await close();
  }
});

test('the security administrator reads the matrix and why somebody sees something', async () => {
  const { page, close } = await open();
  await signIn(page, 'security_admin');
  await page.getByTestId('account').click();
  await page.getByTestId('open-rights').click();
  const rights = page.getByTestId('rights');
  await rights.getByRole('row').nth(18).waitFor();
  for (const [field, value] of [['user', 'planner'], ['layer', 'person'], ['field', 'id_number']]) {
    await rights.locator(`select[name=${field}]`).selectOption(value);
  }
  await rights.locator('button[type=submit]').click();
  const reason = rights.getByTestId('reason');
  await reason.waitFor();
  assert.match(await reason.textContent(), /不可以.*规划员.*S@.*按图层另定/s);
  await picture(page, 'rights');
  // And changes it, with a reason; the change stands below with who and when.
  await rights.locator('select[name=role]').selectOption('planner');
  const editor = rights.getByTestId('role-editor');
  await editor.locator('input[name=theme-contracts]').fill('V@');
  await editor.locator('input[name=reason]').fill('规划员不再统计三资');
  await editor.getByRole('button', { name: '保存 1 处改动' }).click();
  await rights.getByText('planner contracts VS@ → V@').waitFor();
  // What a role never sees, and what it does beside the map, are ticked.
  await rights.locator('select[name=role]').selectOption('legal_officer');
  await editor.locator('select[name=conceal]').selectOption('building');
  await editor.getByLabel('权利人', { exact: true }).check();
  await editor.getByLabel('登录须输入动态码').check();
  await editor.locator('input[name=reason]').fill('法制员不看产权人');
  await editor.getByRole('button', { name: '保存 2 处改动' }).click();
  await rights.getByText('legal_officer building hidden — → owner').waitFor();
  await picture(page, 'rights-changed');
  await close();
});

test('the security administrator changes a rule of the office, and takes it back', async () => {
  const { page, close } = await open({ expected: /422/ });
  await signIn(page, 'security_admin');
  await page.getByTestId('account').click();
  await page.getByTestId('open-rules').click();
  const rules = page.getByTestId('rules');
  await rules.locator('select[name=book]').selectOption('security');
  const rate = rules.locator('input[name="rate.per_minute"]');
  const own = await rate.inputValue();
  const save = rules.getByRole('button', { name: '保存 1 处改动' });
  // What the book doesn't allow is said beside the figure, and nothing changes.
  await rate.fill('1');
  await rules.locator('input[name=reason]').fill('限制每分钟请求量');
  await save.click();
  await rules.locator('.figure.wrong').waitFor();
  await picture(page, 'rules-refused');
  await rate.fill('7000');
  await save.click();
  await rules.getByText('本单位第 1 版').first().waitFor();
  await rules.getByText('限制每分钟请求量').waitFor();
  await picture(page, 'rules-changed');
  await rules.locator('input[name=reason]').fill('恢复默认的请求量');
  await rules.getByTestId('rules-own').click();
  await rules.getByText('恢复默认的请求量').waitFor();
  assert.equal(await rate.inputValue(), own);
  await close();
});

test('the administrators work on a phone too', async () => {
  for (const [user, opens, shown] of [
    ['security_admin', 'open-rights', 'rights'],
    ['auditor', 'open-audit', 'audit'],
    ['system_admin', 'open-accounts', 'accounts'],
  ]) {
    const { page, close } = await open({ device: PHONE });
    await signIn(page, user);
    await page.getByTestId('account').click();
    await page.getByTestId(opens).click();
    const dialog = page.getByTestId(shown);
    await dialog.locator('tbody tr, li').first().waitFor({ state: 'attached' });
    if (shown === 'rights') await dialog.locator('select[name=role]').selectOption('planner');
    const wider = await dialog.evaluate((element) => element.scrollWidth - element.clientWidth);
    assert.ok(wider <= 1, `${shown} is ${wider} px wider than the phone`);
    await picture(page, `${shown}-phone`);
    await close();
  }
});

test('a grid worker looks behind a mask for a reason, and it closes again', async () => {
  const { page, close } = await open({ device: PHONE });
  await signIn(page, 'grid_worker');
  await page.waitForSelector('.map[data-idle="true"]');
  const id = await page.evaluate(async () => {
    const answer = await fetch('/collections/building/items?limit=50&f=json');
    const { features } = await answer.json();
    return features.find((feature) => feature.properties.owner).properties.code;
  });
  await page.fill('#search', id);
  await page.locator('[role="option"]').first().click();
  await page.getByTestId('unmask').click();
  const unmasked = page.getByTestId('unmasked');
  await unmasked.locator('input[name=reason]').fill('入户走访核实产权人');
  await unmasked.locator('button[type=submit]').click();
  await unmasked.getByRole('timer').waitFor();
  assert.match(await unmasked.locator('[data-field=owner] dd').textContent(), /^[^*]+$/);
  await picture(page, 'unmasked-phone');
  await close();
});

test('a file with personal data is asked for, approved by another, and fetched', async () => {
  const asker = await open();
  await signIn(asker.page, 'data_manager');
  await asker.page.waitForSelector('.map[data-idle="true"]');
  await asker.page.keyboard.press('t');
  const table = asker.page.locator('.export');
  await table.getByRole('button', { name: '导出' }).click();
  await table.locator('input[name=personal]').check();
  await picture(asker.page, 'export-choice');
  await table.locator('button[data-export=csv]').click();
  const form = asker.page.getByTestId('ask-export');
  await form.locator('input[name=reason]').fill('核对产权登记');
  await form.locator('button[type=submit]').click();
  const own = asker.page.locator('[data-request][data-state=asked]');
  await own.waitFor();
  assert.match(await own.textContent(), /格式：csv/, 'what is asked for is told in words');
  const id = await own.getAttribute('data-request');

  const lawyer = await open({ device: PHONE });
  await signIn(lawyer.page, 'legal_officer');
  await lawyer.page.getByTestId('account').click();
  await lawyer.page.getByTestId('open-exports').click();
  const waiting = lawyer.page.locator(`[data-request="${id}"]`);
  await waiting.waitFor();
  await picture(lawyer.page, 'exports-phone');
  await waiting.getByRole('button', { name: '同意', exact: true }).click();
  await lawyer.page.locator(`[data-request="${id}"][data-state=approved]`).waitFor();
  await lawyer.close();

  const { page } = asker;
  await page.getByTestId('exports').getByRole('button', { name: '关闭' }).click();
  await page.getByTestId('account').click();
  await page.getByTestId('open-exports').click();
  const given = page.locator(`[data-request="${id}"][data-state=approved]`);
  const coming = page.waitForEvent('download');
  await given.getByRole('link', { name: '下载' }).click();
  assert.equal((await coming).suggestedFilename(), `building-${id}.csv`);
  await given.getByText('还剩 2 次').waitFor();
  await picture(page, 'exports');
  await asker.close();
});
