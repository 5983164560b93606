import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, eventually, openAs, openAsEditor, PHONE, picture, serve, stop } from './harness.js';

after(stop);

const lines = (page, name) =>
  page.locator('[data-testid="structure"]').last().locator('tr[data-line]').evaluateAll(
    (all, side) => all.map((own) => ({ kind: own.dataset.line, m2: Number(own.dataset[side]) })),
    name,
  );

async function openPlans(page) {
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '规划', exact: true }).click();
  await page.getByTestId('structure').first().waitFor();
}

test('versions of the plan: the table adds up, and two are swiped over one another', async () => {
  await serve();
  const { page, close } = await openAs('planner');
  await openPlans(page);
  for (const side of ['before', 'after']) {
    const all = await lines(page, side);
    const sum = (kinds) => all.filter((own) => kinds.includes(own.kind)).reduce((to, own) => to + own.m2, 0);
    assert.ok(Math.abs(sum(['head', 'rest']) - sum(['total'])) < 0.005, side);
    assert.ok(Math.abs(sum(['total']) - 1_500_000) < 1500);
  }
  await picture(page, 'desktop-plans');
  // The draft beside the plan in force.
  await page.locator('[data-version="plan_land"] [name="plan-before"]').check();
  await page.locator('[data-version]').last().locator('[name="plan-after"]').check();
  await page.locator('[data-action="swipe"]').click();
  const swipe = page.getByTestId('swipe');
  await swipe.getByTestId('structure').waitFor();
  await eventually(page, () => document.querySelectorAll('[data-testid="swipe"] .frame canvas').length === 2);
  const divider = swipe.getByRole('slider');
  await divider.focus();
  for (let at = 0; at < 5; at += 1) await page.keyboard.press('ArrowRight');
  assert.equal(await divider.getAttribute('aria-valuenow'), '60');
  await eventually(page, () =>
    [...document.querySelectorAll('[data-testid="swipe"] .frame')].every((own) => own.dataset.idle === 'true'),
  );
  await picture(page, 'desktop-swipe');
  // Two handfuls of classes differ, and what one gains another loses.
  const changes = await lines(page, 'after');
  assert.ok(changes.length > 5);
  await close();
});

test('on a phone the versions are swiped with a finger', async () => {
  const { page, close } = await openAs('planner', { device: PHONE });
  await page.getByRole('button', { name: '更多' }).click();
  await page.getByRole('button', { name: '更新单元' }).click();
  await page.getByRole('tab', { name: '规划', exact: true }).click();
  await page.getByTestId('structure').first().waitFor();
  await picture(page, 'phone-plans');
  await page.locator('[data-action="swipe"]').click();
  await page.getByTestId('swipe').getByTestId('structure').waitFor();
  await picture(page, 'phone-swipe');
  await close();
});

test('a drawing whose layers are no codes comes in once they are said to be some', async () => {
  const [plan] = (await api('/collections/plan_doc/items?limit=1&f=json')).features;
  const [village] = (await api('/collections/village/items?limit=1&f=json&crs=http://www.opengis.net/def/crs/EPSG/0/4547')).features;
  // The middle of its corners; EPSG:4547 has north first.
  const corners = village.geometry.coordinates.flat(Infinity);
  const mean = (from) => {
    const own = corners.filter((_, at) => at % 2 === from);
    return own.reduce((sum, each) => sum + each, 0) / own.length;
  };
  const [north, east] = [mean(0), mean(1)].sort((a, b) => b - a);
  const square = (layer, x) =>
    `0\nLWPOLYLINE\n8\n${layer}\n90\n4\n70\n1\n${[[x, north], [x + 30, north], [x + 30, north + 30], [x, north + 30]]
      .map(([e, n]) => `10\n${e}\n20\n${n}\n`)
      .join('')}`;
  const text = `0\nSECTION\n2\nENTITIES\n${square('R2 二类居住', east)}${square('0703农村宅基地', east + 40)}${square('0703', east + 60)}0\nENDSEC\n0\nEOF\n`;
  const { page, close } = await openAsEditor();
  await page.keyboard.press('Escape');
  const data = await page.evaluateHandle((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], '规划图.dxf'));
    return transfer;
  }, text);
  for (const event of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', event, { dataTransfer: data });
  await page.locator('#import-layer').selectOption('plan_plot');
  const wishes = page.getByTestId('value-wishes');
  await wishes.waitFor();
  await wishes.locator('[data-constant="plan"] select').selectOption(String(plan.id));
  await wishes.locator('[data-constant="class_std"] select').selectOption('用地用海');
  await wishes.getByRole('button', { name: '重新检查' }).click();
  // Checked anew: what is left is the one that is no code.
  await eventually(page, () => document.querySelector('[data-count="refused"] dd')?.textContent === '1');
  await wishes.locator('[data-unknown="R2 二类居住"] select').selectOption('0701');
  await picture(page, 'desktop-import-plan');
  await wishes.getByRole('button', { name: '重新检查' }).click();
  await eventually(page, () => document.querySelector('[data-count="added"] dd')?.textContent === '3');
  assert.equal(await page.locator('[data-count="refused"] dd').innerText(), '0');
  // Two of the squares lie on one another by 10 m of their 30 m: it is told before anything is written.
  const words = await page.getByTestId('import-report').innerText();
  assert.match(words, /相互重叠，共 (299|300)\.\d\d 平方米/);
  await page.locator('.import-panel .foot .primary').click();
  await page.getByText('已写入', { exact: true }).waitFor();
  const own = (await api(`/plans`)).find((version) => version.id === plan.id);
  assert.equal(own.plots, 3);
  const table = await api(`/plans/structure?before=land_use&after=${encodeURIComponent(plan.id)}`);
  assert.ok(Math.abs(table.twice_m2[1] - 300) < 1, 'counted twice, and taken off again');
  await close();
});

test('a draft is proposed by one person and published by another: it is the plan in force', async () => {
  const versions = await api('/plans');
  const [, now] = versions;
  const draft = versions.find((own) => own.state === '草案');
  const old = now.documents[0];
  const planner = await openAs('planner');
  await openPlans(planner.page);
  await planner.page.locator(`[data-document="${draft.id}"] .link`).click();
  await planner.page.locator('[data-step="propose"] .step').click();
  await planner.page.locator('[data-step="propose"] form button[type="submit"]').click();
  await eventually(planner.page, () => Number(document.querySelector('[data-testid="process"]')?.dataset.taken) > 0);

  const reviewer = await openAs('plan_reviewer');
  const { page } = reviewer;
  await openPlans(page);
  await page.locator(`[data-document="${draft.id}"] .link`).click();
  await page.locator('[data-step="publish"] [data-gate="overlaps"][data-met="true"]').waitFor();
  await page.locator('[data-step="publish"] .step').click();
  const form = page.locator('[data-step="publish"] form');
  await form.locator('[data-ask="approval_no"] input').fill('穗规〔2026〕8号');
  await form.locator('[data-ask="approved_on"] input').fill('2026-11-01');
  await picture(page, 'desktop-plan-publish');
  await form.locator('button[type="submit"]').click();
  // The row of the plan in force names the draft; the plan of before is a version with its last day.
  for (const own of [page, planner.page]) {
    await own.locator(`[data-version="plan_land"] [data-document="${draft.id}"]`).waitFor();
    await own.locator(`[data-version="${old.id}"]`).waitFor();
  }
  assert.match(await page.locator(`[data-version="${old.id}"]`).innerText(), /已废止 · 自 .* · 至 /);
  const table = await api(`/plans/structure?before=${encodeURIComponent(old.id)}&after=plan_land`);
  assert.ok(table.rows.some((row) => Math.abs(row.change_m2) > 1));
  await picture(page, 'desktop-plan-published');
  await reviewer.close();
  await planner.close();
});
