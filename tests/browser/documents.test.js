// Documents of a case in the page: asked for, numbered, downloaded, voided.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { api, apiAs, idle, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

async function caseIn(state) {
  const found = await api(`/collections/violation_case/items?state=${state}&limit=1&f=json`);
  return found.features[0];
}

/** What a link gives when it is clicked. */
async function downloaded(page, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test('an officer issues a notice: what lacks is said, the number comes, both files open, a void one stays', async () => {
  const chosen = await caseIn('120');
  const { page, close } = await openAs('enforcer', {
    at: `/#sel=violation_case/${chosen.id}`,
    expected: /422 \(Unprocessable/,
  });
  const documents = page.getByTestId('case-documents');
  await documents.scrollIntoViewIfNeeded();
  assert.match(await documents.innerText(), /还没有制发文书/);
  await documents.getByTestId('choose-form').selectOption('order_stop');
  const form = documents.getByTestId('document-form');
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').first().waitFor();
  assert.match(await form.innerText(), /接受调查期限须填写/);
  const draft = await downloaded(page, () => form.getByRole('button', { name: '看草稿（PDF）' }).click());
  assert.equal(draft.bytes.subarray(0, 4).toString(), '%PDF');
  await form.locator('[data-ask=until] input').fill('2026-12-31');
  await picture(page, 'desktop-document-form');
  await form.locator('button[type=submit]').click();
  const issued = documents.locator('[data-document=责令停止违法行为通知书]');
  await issued.waitFor();
  assert.match(await issued.innerText(), /责停字〔20\d\d〕1号/);
  await documents.getByText(/已制发“责令停止违法行为通知书”/).waitFor();
  // It names persons: a second person agrees before it leaves.
  await issued.getByTestId('ask-document').click();
  const requests = page.getByTestId('exports');
  await requests.locator('input[name=reason]').fill('送达当事人');
  await requests.getByTestId('ask-export').locator('button[type=submit]').click();
  const own = (state) => requests.locator(`[data-request][data-state=${state}]`);
  await own('asked').getByText('等 2 个文件').waitFor();
  const id = await own('asked').getAttribute('data-request');
  await apiAs('legal_officer', `/exports/${id}`, { method: 'PATCH', body: JSON.stringify({ state: 'approved' }) });
  await requests.getByRole('button', { name: '关闭' }).click();
  await page.getByTestId('account').click();
  await page.getByTestId('open-exports').click();
  const starts = [];
  for (const nth of [0, 1]) {
    const file = await downloaded(page, () => own('approved').getByRole('link').nth(nth).click());
    starts.push(file.bytes.subarray(0, 4).toString().slice(0, 2));
  }
  assert.deepEqual(starts.sort(), ['%P', 'PK'], 'a PDF and a DOCX');
  await requests.getByRole('button', { name: '关闭' }).click();
  await issued.getByRole('button', { name: '作废' }).click();
  await issued.locator('form input').fill('期限写错');
  await issued.locator('form button').click();
  await issued.getByText(/作废：期限写错/).waitFor();
  await picture(page, 'desktop-documents');
  await close();
});

test('the documents of a case fit a phone', async () => {
  const chosen = await caseIn('110');
  const { page, close } = await openAs('enforcer', { device: PHONE, at: `/#sel=violation_case/${chosen.id}` });
  const documents = page.getByTestId('case-documents');
  await documents.getByTestId('choose-form').selectOption('inspection_record');
  await documents.getByTestId('document-form').scrollIntoViewIfNeeded();
  await idle(page);
  const fits = await documents.evaluate((element) => element.scrollWidth <= element.clientWidth + 1);
  assert.ok(fits, 'nothing is cut off at the side');
  await picture(page, 'phone-documents');
  await close();
});
