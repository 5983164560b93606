// A case of each lane from the clue to the visit after it: what decides is done in the page, the rest by the API.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { apiAs, inside, openAs, picture, serve, stop } from './harness.js';

after(stop);

const CASE = 'violation_case';
const PHOTO = readFileSync(new URL('../data/photo.jpg', import.meta.url));
/** Long enough ago that every time for remedies is over. */
const LONG_AGO = new Date(Date.now() - 300 * 86_400_000).toISOString().slice(0, 10);
const at = (id) => `/collections/${CASE}/items/${id}/process`;

let photographs = 0;
/** Hangs another photograph on a case, and names it. */
async function photo(user, id, shows) {
  photographs += 1;
  // A comment behind the marker that begins a JPEG makes each another one.
  const comment = Buffer.from([0xff, 0xfe, 0, 4, photographs >> 8, photographs & 0xff]);
  const body = Buffer.concat([PHOTO.subarray(0, 2), comment, PHOTO.subarray(2)]);
  const kind = encodeURIComponent(shows === 'before' ? '处置前' : shows === 'after' ? '处置后' : '现场照片');
  const headers = { 'content-type': 'application/octet-stream' };
  const kept = await apiAs(user, `/collections/${CASE}/items/${id}/attachments?kind=${kind}&name=photo.jpg`, { method: 'POST', headers, body });
  return { hash: kept.hash, ...(shows ? { shows } : {}) };
}

/** Takes a step with all that it asks for. */
async function take(user, { id, shape, spot }, step, fields = {}) {
  const stood = await apiAs(user, at(id));
  const asked = stood.transitions.find((one) => one.id === step);
  assert.ok(asked?.allowed, `${step} in ${stood.state}: ${JSON.stringify(asked?.why_not)}`);
  const answer = (field) => {
    if (field.choices.length) return field.choices[0].code;
    const { type, name } = field;
    if (name === 'handlers') return ['甲某', '乙某'];
    return { boolean: true, integer: 1, decimal: 120.5, date: LONG_AGO }[type] ?? '照章办理';
  };
  const all = Object.fromEntries(asked.fields.filter((one) => one.required).map((one) => [one.name, answer(one)]));
  const photos = [];
  for (const wanted of asked.photos) {
    for (let count = 0; count < wanted.least; count += 1) photos.push(await photo(user, id, wanted.shows));
  }
  const version = (await apiAs(user, `/collections/${CASE}/items/${id}/history`)).version;
  const given = {
    note: '照章办理', fields: { ...all, ...fields }, photos, place: spot,
    documents: asked.documents.filter((one) => !one.held).map((one) => ({ kind: one.any[0], number: '测〔2026〕1号' })),
    ...(asked.geometry ? { geometry: shape } : {}),
  };
  const headers = { 'if-match': `"${version}"` };
  return apiAs(user, `${at(id)}/${step}`, { method: 'POST', headers, body: JSON.stringify(given) });
}

/** A clue of a house, filed up to where its filing is to be approved. */
async function clue(kind, code) {
  const found = (await apiAs('enforcer', '/collections/building/items?limit=20&f=json')).features;
  const house = found.find((one) => inside(one.geometry));
  const properties = { code, kind, state: '10', source: '巡查', is_new: true, spot_no: 'TB1', farmland_m2: kind === '违法用地' ? 80 : 0, buildings: [house.id], address: '某巷1号' };
  const made = await apiAs('enforcer', `/collections/${CASE}/items`, {
    method: 'POST', headers: { 'content-type': 'application/geo+json' },
    body: JSON.stringify({ type: 'Feature', geometry: house.geometry, properties }),
  });
  const own = { id: made.id, shape: house.geometry, spot: inside(house.geometry) };
  await take('dispatcher', own, 'accept');
  await take('enforcer', own, 'inspect', { finding: '属实', is_new: true });
  await take('enforcer', own, 'request_filing', { title: '擅自建设案', kind });
  await take('legal_officer', own, 'review_filing');
  return own;
}

/** Takes a step in the page: opens the case, fills the form in, hands it in. */
async function inPage(page, { id }, step, typed = {}) {
  await page.evaluate((to) => {
    window.location.hash = `sel=violation_case/${to}`;
  }, id);
  const panel = page.getByTestId('process');
  const button = panel.locator(`[data-step=${step}] > button`);
  await button.click();
  const form = panel.locator('.step-form');
  for (const [name, value] of Object.entries(typed)) {
    const ask = form.locator(`[data-ask=${name}]`);
    if (await ask.locator('select').count()) await ask.locator('select').selectOption(value);
    else await ask.locator('input, textarea').first().fill(value);
  }
  for (const demand of await form.locator('[data-document] input').all()) await demand.fill('测〔2026〕2号');
  const note = form.locator('textarea[data-note], [data-ask=note] textarea');
  if (await note.count()) await note.fill('同意');
  await form.locator('button[type=submit]').click();
  await panel.getByText(/^已办理/).waitFor();
}

test('a case of each lane goes from the clue to the visit after its end', async () => {
  await serve();
  const [built, land] = [await clue('违法建设', 'LX0001'), await clue('违法用地', 'LX0002')];
  const { page, close } = await openAs('enforcement_lead', { at: `/#sel=${CASE}/${built.id}` });
  const state = async (own) => (await apiAs('enforcement_lead', at(own.id))).state;
  for (const own of [built, land]) {
    await inPage(page, own, 'approve_filing');
    assert.equal(await state(own), '50');
    await take('enforcer', own, 'propose', { farmland_m2: own === land ? 80 : 0 });
    await take('enforcer', own, 'notify');
    await page.waitForTimeout(300);
    await inPage(page, own, 'decide', { statement: '未提出陈述申辩' });
    assert.equal(await state(own), '70');
    await take('enforcer', own, 'serve', { served_on: LONG_AGO });
    await take('enforcer', own, 'exhort', { posted_on: LONG_AGO });
  }
  // The authority itself, or the court: each its own road, and only that.
  const ways = async (own) => (await apiAs('legal_officer', at(own.id))).transitions.filter((one) => one.why_not.every((why) => why.demand === 'role')).map((one) => one.id);
  assert.ok((await ways(built)).includes('enforce') && !(await ways(built)).includes('court'));
  assert.ok((await ways(land)).includes('court') && !(await ways(land)).includes('enforce'));
  await inPage(page, built, 'enforce', { plan: '强拆方案已审定', risk: '低风险' });
  await take('legal_officer', land, 'court', { court: '某区人民法院', risk: '低风险' });
  for (const own of [built, land]) {
    assert.equal(await state(own), '81');
    await take('enforcer', own, 'demolish_forced', { measure: '强拆' });
    await take('enforcer', own, 'finish_demolition', { demolished_area_m2: 120.5, demolished_footprint_m2: 60.25 });
    await take('legal_officer', own, 'verify', { remaining_m2: 0 });
  }
  await take('legal_officer', land, 'restore');
  await take('enforcer', land, 'restored', { restored_m2: 80 });
  await take('village_clerk', land, 'season_check', { crop: '已复耕' });
  const before = (await apiAs('enforcement_lead', '/enforcement/totals')).total;
  for (const own of [built, land]) {
    await take('enforcer', own, 'request_closing');
    await take('legal_officer', own, 'review_closing');
    await inPage(page, own, own === land ? 'close_restored' : 'close');
    assert.equal(await state(own), '100');
    await take('village_clerk', own, 'look_back', { outcome: '未复发' });
    assert.equal(await state(own), '120');
  }
  const counted = (await apiAs('enforcement_lead', '/enforcement/totals')).total;
  assert.equal(counted.closed, before.closed + 2);
  // Each building with who pulled it down and who measured it, in the page; photographs to swipe.
  await page.getByTestId('demolition').waitFor();
  assert.match(await page.getByTestId('demolition').innerText(), /120\.5[\s\S]*enforcer[\s\S]*0[\s\S]*legal_officer/);
  await page.getByTestId('demolition').scrollIntoViewIfNeeded();
  await picture(page, 'desktop-demolition');
  await page.locator('[data-action=swipe-photos]').click();
  const frame = page.getByTestId('photo-swipe');
  await frame.locator('img.above').waitFor();
  await page.getByTestId('photo-divide').fill('25');
  assert.match(await frame.locator('img.above').getAttribute('style'), /inset\(0(px)? 75% 0(px)? 0(px)?\)/);
  await picture(page, 'desktop-photo-swipe');
  await close();
});
