// 事件工作台: the queue beside the map, many at once, and the whole life of an event by the page's own buttons.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { apiAs, eventually, inside, jump, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

const PHOTO = readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), '../data/photo.jpg'));

/** Reports events in the grid worker's own grid; gives their ids. */
async function report(titles, type = '垃圾堆积') {
  const [own] = (await apiAs('grid_worker', '/session')).territory;
  const grid = await apiAs('grid_worker', `/collections/grid/items/${own.id}?f=json`);
  const at = inside(grid.geometry);
  const now = new Date().toISOString();
  const changes = titles.map((title, index) => ({
    op: 'insert',
    layer: 'grid_event',
    feature: {
      geometry: { type: 'Point', coordinates: [at[0] + index * 4e-4, at[1]] },
      properties: { type, title, source: '网格员', urgency: '一般', state: '20', happened_at: now, reported_at: now },
    },
  }));
  const made = await apiAs('grid_worker', '/changes', { method: 'POST', body: JSON.stringify({ reason: '上报', changes }) });
  return { ids: made.features.filter((one) => one.layer === 'grid_event').map((one) => one.id), at };
}

const DESK = '[data-testid="desk"]';

test('the dispatcher accepts and dispatches several at once; the list and the map show the same', async () => {
  const { ids } = await report(['后巷垃圾', '路口垃圾', '桥头垃圾']);
  const { page, close } = await openAs('dispatcher');
  await page.getByTestId('open-desk').click();
  const row = (id) => page.locator(`${DESK} tr[data-event="${id}"]`);
  await row(ids[0]).waitFor();
  await eventually(page, () => !!document.querySelector('.map').stage.map.getLayer('spots'));
  const spots = await page.evaluate(async () => (await document.querySelector('.map').stage.map.getSource('spots').getData()).features.map((one) => one.properties.id));
  const rows = await page.locator(`${DESK} tr[data-event]`).evaluateAll((all) => all.map((one) => one.dataset.event));
  assert.deepEqual(spots.sort(), rows.sort());
  await picture(page, 'desktop-desk');

  const bulk = page.getByTestId('bulk');
  for (const id of ids) await row(id).getByRole('checkbox').check();
  await bulk.getByTestId('bulk-step').selectOption('accept');
  await bulk.getByRole('button', { name: '受理', exact: true }).click();
  await page.getByTestId('bulk-outcome').getByText('已办理 3 件').waitFor();
  // One goes its own way meanwhile: it is refused by name, the others are dispatched.
  for (const id of ids) await row(id).getByRole('checkbox').check();
  await bulk.getByTestId('bulk-step').selectOption('dispatch');
  await bulk.locator('[data-ask="department"] input').fill('环卫站');
  const stale = await apiAs('dispatcher', `/processes/grid_event/steps/void`, {
    method: 'POST',
    body: JSON.stringify({
      note: '误报',
      items: (await apiAs('dispatcher', '/processes/grid_event/queue?limit=5000')).rows
        .filter((one) => one.id === ids[2])
        .map(({ id, version }) => ({ id, version })),
    }),
  });
  assert.equal(stale.taken, 1);
  await row(ids[2]).waitFor({ state: 'detached' });
  await picture(page, 'desktop-desk-bulk');
  await bulk.getByRole('button', { name: '分拨', exact: true }).click();
  await page.getByTestId('bulk-outcome').getByText('已办理 2 件').waitFor();
  await page.getByRole('radio', { name: '全部在办' }).click();
  await row(ids[0]).getByText('已分拨').waitFor();
  await page.locator('[data-filter="type"]').selectOption('垃圾堆积');
  // A row opens its event beside the list.
  await row(ids[1]).click();
  await page.locator('.inspector [data-testid="process-state"]').getByText('已分拨').waitFor();
  assert.ok(await page.locator(DESK).isVisible());
  await picture(page, 'desktop-desk-open');
  await close();
});

test('the closing rate is cut to two decimals and opens the events that are not closed', async () => {
  const { page, close } = await openAs('dispatcher');
  await page.locator('.tools').getByRole('button', { name: '面板' }).click();
  await page.locator('.panels').getByRole('tab', { name: '事件' }).click();
  const panel = page.getByTestId('event-figures');
  await panel.waitFor();
  const totals = await apiAs('dispatcher', '/events/totals');
  const { percent, part, whole } = totals.total.rates.closing;
  assert.equal(percent, (Math.floor((part / whole) * 10_000) / 100).toFixed(2));
  assert.ok((await panel.locator('[data-rate="closing"] b').innerText()).startsWith(percent));
  await panel.locator('[data-figure="open"] button').click();
  const listed = page.getByTestId('drilled').locator('[data-event]');
  await listed.first().waitFor();
  assert.equal(await listed.count(), totals.total.open);
  await picture(page, 'desktop-event-figures');
  // The same days of the year before stand beside, also where the answer for the days that were asked first,
  // from the one day on, comes last.
  let answerLast;
  const others = new Promise((come) => {
    answerLast = come;
  });
  await page.route(/\/events\/totals\?by=type&from=2023-01-01$/, async (route) => {
    await others;
    await route.continue().catch(() => {}); // nobody waits for it any more
  });
  await panel.locator('[name="from"]').fill('2023-01-01');
  // What still stands there is of other days, and looks so.
  await page.locator('[data-testid="event-figures"][aria-busy="true"]').waitFor();
  await panel.locator('[name="to"]').fill('2023-06-30');
  const days = panel.getByText('同比 2022-01-01 至 2022-06-30');
  await days.waitFor();
  assert.equal(await panel.getAttribute('aria-busy'), 'false');
  answerLast();
  await page.unrouteAll({ behavior: 'wait' });
  await page.waitForTimeout(300);
  assert.ok(await days.isVisible());
  await panel.locator('[data-figure="open"] button').click();
  await listed.first().click();
  await page.locator('.inspector [data-testid="process"]').waitFor();
  await close();
});

test('an event goes its whole way by the buttons of the page, on a telephone and on a desk', async () => {
  const { ids: [id], at } = await report(['巷口垃圾成堆']);
  const where = `/#sel=grid_event/${id}`;
  const site = { geolocation: { longitude: at[0], latitude: at[1] }, permissions: ['geolocation'] };
  const desk = await openAs('dispatcher', { at: where });
  const worker = await openAs('grid_worker', { at: where, device: { ...PHONE, ...site } });

  // Some steps leave the state as it is: how many were taken tells that a page has heard of them.
  let steps = 1;
  const heard = (page) => page.locator(`[data-testid="process"][data-taken="${steps}"]`).waitFor();
  /** Takes a step on somebody's page with what it asks for, and sees what the state is then. */
  async function take({ page }, step, state, { note, fields = {}, photo, here } = {}) {
    // What another did meanwhile is seen first, as whoever acts on it would.
    await heard(page);
    const own = page.locator(`[data-testid="process"] [data-step="${step}"]`);
    await own.locator('> button').click();
    const form = own.locator('.step-form');
    for (const [name, value] of Object.entries(fields)) {
      const input = form.locator(`[data-ask="${name}"]`).locator('input, select').first();
      if ((await input.evaluate((element) => element.tagName)) === 'SELECT') await input.selectOption(value);
      else await input.fill(value);
    }
    if (note) await form.getByTestId('process-note').fill(note);
    if (here) {
      await form.getByRole('button', { name: '取当前位置' }).click();
      await form.getByText('已定位').waitFor();
    }
    if (photo) {
      await form.locator('.photos input[type=file]').first().setInputFiles({
        name: `${step}.jpg`,
        mimeType: 'image/jpeg',
        // A comment behind the marker makes each picture another one.
        buffer: Buffer.concat([PHOTO.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 6]), Buffer.from(photo), PHOTO.subarray(2)]),
      });
      await form.locator('.photos').getByText('1/1').waitFor();
    }
    await form.locator('button[type=submit]').click();
    steps += 1;
    await heard(page);
    await page.getByTestId('process-state').getByText(state, { exact: true }).waitFor();
  }

  await take(desk, 'accept', '已受理');
  await take(desk, 'dispatch', '已分拨', { fields: { department: '环卫站' } });
  // Before it was given to the unit, the handler had no such event.
  const unit = await openAs('handler', { at: where, device: { ...PHONE, ...site } });
  await take(unit, 'refuse', '退件', { note: '不属本单位职责' });
  await take(desk, 'dispatch', '已分拨', { fields: { department: '环卫站' } });
  // Nobody came: the grid worker sends it up by a button, and the desk dispatches it anew.
  await take(worker, 'escalate', '逐级上报', { note: '无人到场' });
  await take(desk, 'dispatch', '已分拨', { fields: { department: '环卫站' } });
  await take(unit, 'start', '处置中', { here: true });
  await picture(unit.page, 'phone-event-started');
  await take(unit, 'ask_extension', '处置中', { note: '需调车辆', fields: { days: '2' } });
  await take(desk, 'extend', '处置中', { fields: { days: '2' } });
  await take(unit, 'ask_suspension', '处置中', { note: '等待清运' });
  await take(desk, 'suspend', '挂起', { note: '同意' });
  await take(unit, 'resume', '处置中');
  await take(unit, 'finish', '待核查', { fields: { result: '已清运' }, photo: 'one.' });
  await take(worker, 'fail', '处置中', { note: '仍有残留' });
  await take(unit, 'finish', '待核查', { fields: { result: '已清运干净' }, photo: 'two.' });
  await take(worker, 'pass', '核查通过', { photo: 'tri.', here: true });
  await take(desk, 'close', '办结');
  await take(worker, 'rate', '办结', { fields: { satisfaction: '5' } });
  await picture(worker.page, 'phone-event-closed');
  await take(desk, 'reopen', '复开', { note: '群众反映又有堆放' });
  await picture(desk.page, 'desktop-event-reopened');

  const event = await apiAs('dispatcher', `/collections/grid_event/items/${id}?f=json`);
  assert.equal(event.properties.level, '村居', 'it went up a level');
  assert.match(event.properties.code, /^\d{12}E\d{6}$/, 'the number stays');
  const { log } = await apiAs('dispatcher', `/collections/grid_event/items/${id}/process`);
  assert.deepEqual(
    log.map((row) => row.step).slice(1),
    ['accept', 'dispatch', 'refuse', 'dispatch', 'escalate', 'dispatch', 'start', 'ask_extension', 'extend', 'ask_suspension',
      'suspend', 'resume', 'finish', 'fail', 'finish', 'pass', 'close', 'rate', 'reopen'],
  );
  for (const one of [desk, unit, worker]) await one.close();
});

test('on a telephone a problem is settled on the spot with a picture before and after', async () => {
  const { ids: [id], at } = await report(['路面落叶']);
  const site = { geolocation: { longitude: at[0], latitude: at[1] }, permissions: ['geolocation'] };
  const { page, close } = await openAs('grid_worker', { at: `/#sel=grid_event/${id}`, device: { ...PHONE, ...site }, expected: /422/ });
  const own = page.locator('[data-testid="process"] [data-step="settle"]');
  await own.locator('> button').click();
  const form = own.locator('.step-form');
  await form.locator('[data-ask="result"]').locator('input, textarea, select').first().fill('当场清扫');
  await form.getByRole('button', { name: '取当前位置' }).click();
  await form.getByText('已定位').waitFor();
  // Without pictures it is refused, and says which are missing.
  await form.locator('button[type=submit]').click();
  await form.getByRole('alert').first().waitFor();
  for (const [index, comment] of ['vor.', 'nach'].entries()) {
    await form.locator('.photos input[type=file]').nth(index).setInputFiles({
      name: `${comment}jpg`,
      mimeType: 'image/jpeg',
      buffer: Buffer.concat([PHOTO.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 6]), Buffer.from(comment), PHOTO.subarray(2)]),
    });
    await form.locator('.photos').nth(index).getByText('1/1').waitFor();
  }
  await picture(page, 'phone-settle');
  await form.locator('button[type=submit]').click();
  await page.getByTestId('process-state').getByText('办结', { exact: true }).waitFor();
  const told = await apiAs('dispatcher', '/events/totals');
  assert.ok(told.total.rates.own.part > 0, 'it counts as settled on the spot');
  await close();
});

test('what is no case is returned, and what was reported by mistake is made void, each with its reason', async () => {
  const { ids } = await report(['误报一', '误报二']);
  for (const [index, [step, state]] of [['return', '退回'], ['void', '作废']].entries()) {
    const device = index === 0 ? PHONE : undefined;
    const { page, close } = await openAs('dispatcher', { at: `/#sel=grid_event/${ids[index]}`, ...(device ? { device } : {}) });
    const own = page.locator(`[data-testid="process"] [data-step="${step}"]`);
    await own.locator('> button').click();
    const note = own.getByTestId('process-note');
    assert.ok(await note.evaluate((element) => element.matches(':invalid')), 'without a reason nothing is sent');
    await note.fill('不属网格事件');
    await own.locator('.step-form button[type=submit]').click();
    await page.getByTestId('process-state').getByText(state, { exact: true }).waitFor();
    assert.match(await page.locator('[data-testid="process"] .log').innerText(), /不属网格事件/);
    await close();
  }
});

test('on a telephone the desk is a list of cards, and a double is merged by choosing it', async () => {
  const { ids } = await report(['同一处垃圾']);
  const { page, close } = await openAs('village_clerk', { device: PHONE });
  await page.locator('.bottom-bar').getByTestId('open-desk').tap();
  const card = page.locator(`${DESK} tr[data-event="${ids[0]}"]`);
  await card.waitFor();
  const wide = await page.locator(`${DESK} .panel-body`).evaluate((element) => element.scrollWidth <= element.clientWidth + 1);
  assert.ok(wide, 'nothing is cut off at the side');
  await picture(page, 'phone-desk');
  await card.locator('.subject').tap();
  const step = page.locator('[data-testid="process"] [data-step="merge"]');
  await step.locator('> button').tap();
  await step.locator('.candidates button').first().tap();
  await picture(page, 'phone-merge');
  await step.locator('button[type=submit]').tap();
  await page.getByTestId('process-state').getByText('并单').waitFor();
  const merged = await apiAs('village_clerk', `/collections/grid_event/items/${ids[0]}?f=json`);
  assert.ok(merged.properties.duplicate_of && merged.properties.duplicate_of !== ids[0]);
  await close();
});
