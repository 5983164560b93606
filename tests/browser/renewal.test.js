import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, eventually, idle, inside, jump, openAs, PHONE, picture, pixel, serve, stop } from './harness.js';

after(stop);

const value = async (page, name) => Number(await page.locator(`[data-figure="${name}"]`).getAttribute('data-value'));

/** Clicks the middle of a feature. */
async function click(page, feature) {
  const at = await pixel(page, inside(feature.geometry));
  await page.mouse.move(at.x, at.y);
  await page.mouse.click(at.x, at.y);
}

const settled = (page) =>
  page.waitForFunction(() => document.querySelector('[data-testid="drawing-table"]')?.getAttribute('aria-busy') === 'false');

test('a unit is picked grid by grid: live totals, undo, and the same outline as the village has', async () => {
  await serve();
  const { features: units } = await api('/collections/renewal_unit/items?limit=50&f=json');
  const { features: grids } = await api('/collections/grid/items?limit=50&f=json');
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '划定范围' }).click();
  await page.locator('[data-action="new-unit"]').click();
  await page.getByTestId('drawing-table').waitFor();
  await idle(page);
  const unit = units[0];
  const own = grids.filter((grid) => unit.properties.grids.includes(String(grid.id)));
  for (const grid of own) {
    await click(page, grid);
    await settled(page);
  }
  // The outline is the union of the grids: the same area, and in the way of the unit that is there.
  const counted = await api('/statistics', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ layer: 'renewal_unit', id: unit.id }),
  });
  await eventually(page, () => document.querySelector('[data-figure="area"]') !== null);
  assert.ok(Math.abs((await value(page, 'area')) - counted.area_m2) < 0.01);
  assert.equal(await value(page, 'buildings'), counted.buildings.count);
  assert.equal(await value(page, 'cases'), counted.violations.count);
  await page.getByTestId('conflicts').waitFor();
  assert.match(await page.getByTestId('conflicts').innerText(), new RegExp(unit.properties.name));
  // With the pointer over a further grid its part is shown beside, before any click.
  const other = grids.find((grid) => !unit.properties.grids.includes(String(grid.id)) && inside(grid.geometry));
  const at = await pixel(page, inside(other.geometry));
  await page.mouse.move(at.x, at.y);
  await page.locator('.difference').first().waitFor();
  assert.match(await page.locator('.difference').first().innerText(), /^\+/);
  await picture(page, 'desktop-renewal-table');
  // Out and in again.
  await page.locator('[data-action="undo"]').click();
  await settled(page);
  if (own.length > 1) assert.notEqual(await value(page, 'area'), counted.area_m2);
  await page.locator('[data-action="redo"]').click();
  await settled(page);
  await eventually(page, (area) => Math.abs(Number(document.querySelector('[data-figure="area"]')?.dataset.value) - area) < 0.01, counted.area_m2);
  await close();
});

/** Waits for the hand that draws, which is loaded when it is first asked for. */
const drawing = (page) => eventually(page, () => Boolean(document.querySelector('.map').stage.map.getSource('edit:hand')));

test('what the pointer is about to do is counted, whatever it is; a cut leaves a remainder that may be taken in', async () => {
  const { features: grids } = await api('/collections/grid/items?limit=50&f=json');
  const { features: units } = await api('/collections/renewal_unit/items?limit=50&f=json');
  const taken = units.flatMap((unit) => unit.properties.grids.map(String));
  const grid = grids.find((own) => !taken.includes(String(own.id)) && inside(own.geometry));
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '划定范围' }).click();
  await page.locator('[data-action="new-unit"]').click();
  await idle(page);
  const middle = inside(grid.geometry);
  await jump(page, middle, 16);
  await click(page, grid);
  await settled(page);
  await page.locator('[data-figure="area"]').waitFor();
  const area = await value(page, 'area');
  const difference = (figure) => page.locator(`[data-figure="${figure}"] .difference`);

  // A house under the pointer, to be taken out.
  const { buildings } = await api('/statistics', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ layer: 'grid', id: grid.id }),
  });
  assert.ok(buildings.count > 0);
  const [west, south, east, north] = [middle[0] - 0.002, middle[1] - 0.002, middle[0] + 0.002, middle[1] + 0.002];
  const { features: houses } = await api(`/collections/building/items?bbox=${[west, south, east, north]}&limit=200&f=json`);
  const found = await Promise.all(
    houses.filter((own) => inside(own.geometry)).map(async (own) => {
      const at = (await api(`/lookup?point=${inside(own.geometry)}`)).at;
      return at.building[0]?.id === own.id && at.grid[0]?.id === grid.id ? own : null;
    }),
  );
  const house = found.find((own) => own);
  await page.locator('.tools-bar select').first().selectOption('building');
  await page.locator('.tools-bar select').nth(1).selectOption('remove');
  const at = await pixel(page, inside(house.geometry));
  await page.mouse.move(at.x + 1, at.y);
  await page.mouse.move(at.x, at.y);
  await difference('buildings').waitFor();
  assert.match(await difference('buildings').innerText(), /^−1/);

  // An area as it is drawn: before it is finished it is counted up to the pointer.
  await page.locator('[data-tool="area"]').click();
  await drawing(page);
  const corner = await pixel(page, middle);
  for (const [dx, dy] of [[-60, -60], [60, -60]]) await page.mouse.click(corner.x + dx, corner.y + dy);
  await page.mouse.move(corner.x + 40, corner.y + 40);
  await page.mouse.move(corner.x + 60, corner.y + 60);
  await difference('area').waitFor();
  assert.match(await difference('area').innerText(), /^−/);

  // A line through it: the piece under the pointer is what would go.
  await page.locator('[data-tool="cut"]').click();
  await page.locator('.snaps').waitFor();
  await drawing(page);
  const ring = (grid.geometry.type === 'Polygon' ? grid.geometry.coordinates : grid.geometry.coordinates[0])[0];
  const [least, most] = [Math.min(...ring.map((own) => own[0])), Math.max(...ring.map((own) => own[0]))];
  await jump(page, middle, 15);
  const [from, to] = [await pixel(page, [least - 0.0008, middle[1]]), await pixel(page, [most + 0.0008, middle[1]])];
  await page.mouse.click(from.x, from.y);
  await page.mouse.click(to.x, to.y);
  await page.getByRole('button', { name: '完成', exact: true }).click();
  const upper = await pixel(page, [middle[0], middle[1] + 0.0001]);
  await page.mouse.move(upper.x, upper.y - 2);
  await page.mouse.move(upper.x, upper.y - 3);
  await difference('area').waitFor();
  await page.mouse.click(upper.x, upper.y - 3);
  await settled(page);
  await page.getByTestId('remainders').waitFor();
  await picture(page, 'desktop-renewal-cut');
  const left = await page.locator('[data-testid="remainders"] [data-area]').evaluateAll((all) => all.map((own) => Number(own.dataset.area)));
  const sum = (await value(page, 'area')) + left.reduce((whole, own) => whole + own, 0);
  assert.ok(Math.abs(sum - area) < 0.02, `${sum} ${area}`);
  await page.locator('[data-testid="remainders"] summary').click();
  for (let more = left.length; more > 0; more -= 1) {
    await page.locator('[data-testid="remainders"] .button').first().click();
    await eventually(page, (count) => document.querySelectorAll('[data-testid="remainders"] [data-area]').length < count, more);
    await settled(page);
  }
  assert.ok(Math.abs((await value(page, 'area')) - area) < 0.02);

  // Units grown from the same grid, the best first, and one of them taken.
  await page.getByRole('button', { name: '清空' }).click();
  await settled(page);
  await page.locator('.tools-bar select').first().selectOption('grid');
  await page.locator('.grow summary').click();
  await page.locator('[name="target-by"]').selectOption('floors');
  await page.locator('[name="target"]').fill('3');
  await page.locator('[data-action="seed"]').click();
  const seed = await pixel(page, middle);
  await page.mouse.click(seed.x, seed.y);
  await page.getByTestId('suggestions').waitFor();
  const scores = await page.locator('[data-testid="suggestions"] .name b').evaluateAll((all) => all.map((own) => Number(own.textContent)));
  assert.ok(scores.length > 0);
  assert.deepEqual(scores, [...scores].sort((one, other) => other - one));
  // Every way to grow is told, also where several lead to the same ground.
  assert.match(await page.getByTestId('found').innerText(), new RegExp(`^3 种长法.*${scores.length} 个不同的范围`));
  await idle(page);
  await picture(page, 'desktop-renewal-grown');
  await page.locator('[data-action="take"]').first().click();
  await settled(page);
  await page.locator('[data-figure="area"]').waitFor();
  assert.ok((await value(page, 'area')) > 0);
  await close();
});

test('a lasso, a variant, and its adoption by another', async () => {
  const { features: grids } = await api('/collections/grid/items?limit=50&f=json');
  const { features: units } = await api('/collections/renewal_unit/items?limit=50&f=json');
  const taken = units.flatMap((unit) => unit.properties.grids.map(String));
  const free = grids.filter((grid) => !taken.includes(String(grid.id)) && inside(grid.geometry));
  const planner = await openAs('planner');
  const { page } = planner;
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '划定范围' }).click();
  await page.locator('[data-action="new-unit"]').click();
  await idle(page);
  await page.locator('[data-tool="lasso"]').click();
  // Around the middle of one grid.
  const { x, y } = await pixel(page, inside(free[0].geometry));
  await page.mouse.move(x - 60, y - 60);
  await page.mouse.down();
  for (const [dx, dy] of [[60, -60], [60, 60], [-60, 60], [-60, -50]]) await page.mouse.move(x + dx, y + dy, { steps: 4 });
  await picture(page, 'desktop-renewal-lasso');
  await page.mouse.up();
  await settled(page);
  if ((await page.locator('[data-figure="area"]').count()) === 0) {
    await page.locator('[data-tool="pick"]').click();
    await click(page, free[0]);
    await settled(page);
  }
  await page.locator('[data-figure="area"]').waitFor();
  await page.locator('[name="variant-name"]').fill('南片一号方案');
  await page.locator('[name="unit-code"]').fill('U77');
  await page.locator('[name="unit-name"]').fill('南片更新单元');
  await page.getByRole('button', { name: '存为方案' }).click();
  await page.getByTestId('variants').waitFor();
  await page.locator('[data-act="send"]').click();
  await page.locator('[data-act="recall"]').waitFor();
  await picture(page, 'desktop-renewal-variants');
  // On a day before any was drafted there is none, and one gets back to today.
  await page.locator('[name="variants-on"]').fill('2000-01-01');
  await page.getByTestId('no-variants-on').getByText('2000-01-01').waitFor();
  await page.locator('[data-action="today"]').click();
  await page.getByTestId('variants').waitFor();
  await planner.close();

  const reviewer = await openAs('plan_reviewer');
  await reviewer.page.getByRole('button', { name: '更新单元', exact: true }).click();
  await reviewer.page.getByRole('tab', { name: '方案' }).click();
  await reviewer.page.locator('[data-act="adopt"]').click();
  await eventually(reviewer.page, () => /已采用|重叠/.test(document.querySelector('[data-testid="variants"]')?.textContent ?? ''));
  await reviewer.close();
});

test('units by maturity, the report of one, and two side by side', async () => {
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByTestId('units').waitFor();
  const scores = await page.locator('[data-score]').evaluateAll((all) => all.map((own) => Number(own.dataset.score)));
  assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
  await page.locator('[data-unit] .name').first().click();
  const points = await page.locator('.terms td:last-child').evaluateAll((all) => all.map((own) => Number(own.textContent)));
  assert.ok(Math.abs(points.reduce((sum, own) => sum + own, 0) - scores[0]) < 0.05);
  await idle(page);
  await picture(page, 'desktop-renewal-units');
  await page.locator('[data-action="report"]').click();
  await page.locator('[data-section="age"] tfoot').waitFor();
  // Every section of houses counts every house once.
  const totals = await page
    .locator('[data-section="age"] tfoot td:nth-child(2), [data-section="structure"] tfoot td:nth-child(2), [data-section="disposal"] tfoot td:nth-child(2)')
    .evaluateAll((all) => all.map((own) => own.textContent.trim()));
  assert.equal(new Set(totals).size, 1, totals.join());
  await picture(page, 'desktop-renewal-report');
  await page.getByTestId('report').getByRole('button', { name: '关闭' }).click();
  await page.locator('[data-action="by-year"]').click();
  await picture(page, 'desktop-renewal-plan');
  await page.getByRole('button', { name: '按成熟度' }).click();
  for (const box of await page.locator('[data-unit] input[type="checkbox"]').all()) await box.check();
  await page.locator('[data-action="compare"]').click();
  await page.locator('[data-row="area"]').waitFor();
  await page.waitForTimeout(3000);
  await picture(page, 'desktop-renewal-compare');
  await close();
});

test('units summed up by place, and weights that are tried before they are kept', async () => {
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByTestId('units').waitFor();
  await page.locator('[data-action="by-place"]').click();
  for (const level of ['village', 'grid', 'co_op', 'street', 'district']) {
    await page.locator('[name="level"]').selectOption(level);
    await page.locator(`[data-testid="roll-up"][data-level="${level}"] .total`).waitFor();
    const sums = await page.evaluate(() =>
      // People are left out: where few live they are not told, as the rules of small numbers have it.
      ['area', 'buildings', 'floor_area', 'cases'].map((name) => {
        const of = (rows) =>
          [...document.querySelectorAll(`[data-testid="roll-up"] ${rows}`)].reduce(
            (sum, row) => sum + Number(row.querySelector(`[data-figure="${name}"]`).dataset.value),
            0,
          );
        return [of('tbody tr:not(.total)'), of('tr.total')];
      }),
    );
    for (const [parts, whole] of sums) assert.ok(Math.abs(parts - whole) < 0.05, `${level} ${parts} ${whole}`);
    if (level === 'grid') await picture(page, 'desktop-renewal-places');
  }
  await page.getByRole('button', { name: '按成熟度' }).click();
  const [before] = (await api('/renewal/units')).units;
  await page.locator('[data-action="weights"]').click();
  await page.locator('[data-term="consent"] input[type="number"]').fill('60');
  await page.locator('[data-term="funding"] input[type="checkbox"]').uncheck();
  const shares = await page.getByTestId('term-share').evaluateAll((all) => all.map((own) => Number.parseFloat(own.textContent)));
  assert.ok(Math.abs(shares.reduce((sum, own) => sum + own, 0) - 100) < 0.5, shares.join());
  const [first] = await page.locator('[data-ranked]').evaluateAll((all) => all.map((own) => ({ id: own.dataset.ranked, next: Number(own.querySelector('[data-next]').dataset.next) })));
  await page.locator('[name="weights-reason"]').fill('会议纪要〔2026〕3号');
  await picture(page, 'desktop-renewal-weights');
  await page.getByRole('button', { name: '保存权重' }).click();
  await page.locator('[data-action="weights"]').waitFor();
  const { units } = await api('/renewal/units');
  assert.equal(units[0].id, first.id);
  assert.ok(Math.abs(units[0].maturity.score - first.next) < 1e-6);
  await page.locator('[data-action="weights"]').click();
  // Back by the same form, with a term that was switched off; who may delete rows has a button for it.
  await page.locator('[data-term="funding"].off input[type="checkbox"]').check();
  await page.locator('[data-term="consent"] input[type="number"]').fill('25');
  await page.locator('[name="weights-reason"]').fill('恢复');
  assert.equal(await page.locator('[data-action="restore-weights"]').count(), 0);
  await page.getByRole('button', { name: '保存权重' }).click();
  await page.locator('[data-action="weights"]').waitFor();
  const again = (await api('/renewal/units')).units.find((own) => own.id === before.id);
  assert.ok(Math.abs(again.maturity.score - before.maturity.score) < 1e-6);
  await close();
});

test('the work on a unit: its stage, its gate, a vote more, measures that add up', async () => {
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByTestId('units').waitFor();
  const { units } = await api('/renewal/units');
  const unit = units.find((own) => own.stage === '3');
  await page.locator(`[data-unit="${unit.id}"] .name`).click();
  await page.locator('[data-action="work"]').click();
  await page.locator('[data-register="measures"]').waitFor();
  assert.equal(await page.locator('.track [aria-current="step"] i').innerText(), '3');
  assert.equal(Number((await page.getByTestId('measured').innerText()).replaceAll(',', '')), unit.buildings.count);
  // The preset of consent is shown, and says that it is not in force.
  await page.locator('[data-step="confirm_consent"] [data-gate="consent_share"]').waitFor();
  assert.match(await page.locator('[data-gate="consent_share"]').first().innerText(), /未启用/);
  await page.locator('[data-add="unit_vote"]').click();
  const form = page.locator('[data-form="unit_vote"]');
  await form.locator('[data-ask="subject"] input').fill('补充征询');
  await form.locator('[data-ask="entitled"] input').fill('300');
  await form.locator('[data-ask="agreed"] input').fill('255');
  await form.locator('[data-ask="voted_on"] input').fill('2026-11-01');
  await form.getByRole('button', { name: '保存' }).click();
  await eventually(page, () => document.querySelector('[data-testid="share"]')?.textContent === '85.00%');
  await idle(page);
  await picture(page, 'desktop-renewal-work');
  await page.locator('[data-step="confirm_consent"] .step').click();
  await page.locator('[data-step="confirm_consent"] form button[type="submit"]').click();
  await eventually(page, () => document.querySelector('.track [aria-current="step"] i')?.textContent === '4');
  await close();
});

test('the classes of houses: the map is coloured by what the table counts', async () => {
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '分类处置' }).click();
  await page.getByTestId('disposal').waitFor();
  const counts = await page.locator('[data-class]').evaluateAll((all) => all.map((own) => Number(own.dataset.count)));
  assert.equal(
    counts.reduce((sum, own) => sum + own, 0),
    1495,
  );
  const cut = await page.locator('[data-class] .figures').evaluateAll((all) => all.filter((own) => own.scrollHeight > own.clientHeight).length);
  assert.equal(cut, 0, 'every figure is seen whole');
  const told = await api('/renewal/disposal?houses=true');
  for (const own of told.classes) assert.equal(own.ids?.length ?? 0, own.count, own.code);
  const [unit] = (await api('/collections/renewal_unit/items?limit=1&f=json')).features;
  // From afar, where houses are merged to blocks, each is a dot of its class.
  await jump(page, inside(unit.geometry), 15.5);
  const dots = () => {
    const { map } = document.querySelector('.map').stage;
    return map.getLayer('dots') ? map.queryRenderedFeatures({ layers: ['dots'] }).length : 0;
  };
  await eventually(page, dots);
  await picture(page, 'desktop-renewal-disposal-far');
  await jump(page, inside(unit.geometry), 17.5);
  await idle(page);
  assert.equal(await page.evaluate(dots), 0);
  await picture(page, 'desktop-renewal-disposal');
  await close();
});

test('a rule classes many houses: tried first, then written with its reason', async () => {
  const { page, close } = await openAs('data_manager');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '分类处置' }).click();
  const count = async (code) => Number(await page.locator(`[data-class="${code}"]`).getAttribute('data-count'));
  await page.locator('[name="class"]').waitFor();
  const [wanted, other] = await page.locator('[name="class"] option').evaluateAll((all) => all.map((own) => own.value));
  const before = [await count(wanted), await count(other)];
  await page.locator('[name="filter"]').fill(`disposal_class = '${other}' AND floors_up >= 3`);
  await page.locator('[name="class"]').selectOption(wanted);
  await page.getByRole('button', { name: '试算' }).click();
  await page.getByTestId('tried').waitFor();
  const [matched] = (await page.getByTestId('tried').locator('p').first().innerText()).match(/\d+/).map(Number);
  assert.ok(matched > 0 && matched < before[1], `${matched} ${before}`);
  assert.match(await page.getByTestId('tried').innerText(), new RegExp(`${other} ${matched}`));
  // Not without a reason, and not what was tried before another condition.
  const apply = page.locator('[data-action="apply"]');
  assert.equal(await apply.isDisabled(), true);
  await page.locator('[name="reason"]').fill('会议纪要〔2026〕4号');
  await idle(page);
  await picture(page, 'desktop-renewal-disposal-rule');
  await apply.click();
  await page.locator('.bulk .done').waitFor();
  await eventually(page, ([code, was]) => Number(document.querySelector(`[data-class="${code}"]`)?.dataset.count) !== was, [wanted, before[0]]);
  assert.deepEqual([await count(wanted), await count(other)], [before[0] + matched, before[1] - matched]);
  await page.locator('[name="filter"]').fill(`disposal_class = '${other}'`);
  assert.equal(await page.getByTestId('tried').count(), 0);
  await close();
});

test('on a phone a unit is picked with a finger', async () => {
  const { page, close } = await openAs('planner', { device: PHONE });
  await page.getByRole('button', { name: '更多' }).click();
  await page.getByRole('button', { name: '更新单元' }).click();
  await page.getByTestId('units').waitFor();
  await picture(page, 'phone-renewal-units');
  await page.getByRole('tab', { name: '划定范围' }).click();
  await page.locator('[data-action="new-unit"]').click();
  await idle(page);
  await page.touchscreen.tap(195, 200);
  await settled(page);
  await page.locator('[data-figure="area"]').waitFor();
  await picture(page, 'phone-renewal-table');
  await close();
});
