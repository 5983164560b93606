// A newer survey held against the houses of the map, and a clue made of what was found.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, openAs, PHONE, picture, stop } from './harness.js';

after(stop);

/** The houses of the map, 1.2 m to the east, the first gone and one more beside the last. */
async function survey() {
  const houses = (await api('/collections/building/items?limit=5000&f=json')).features;
  const moved = (geometry, by) => ({
    ...geometry,
    coordinates: JSON.parse(JSON.stringify(geometry.coordinates), (_, at) =>
      Array.isArray(at) && typeof at[0] === 'number' ? [at[0] + by, at[1]] : at,
    ),
  });
  const east = 1.2 / 102_400;
  const features = houses.slice(1).map(({ geometry }) => ({ type: 'Feature', properties: {}, geometry: moved(geometry, east) }));
  features.push({ type: 'Feature', properties: {}, geometry: moved(houses.at(-1).geometry, 0.02) });
  return Buffer.from(JSON.stringify({ type: 'FeatureCollection', features }));
}

test('what a newer survey shows is listed with its area and becomes a clue', async () => {
  const { page, close } = await openAs('enforcer');
  await page.getByTestId('open-enforcement').click();
  const panel = page.getByTestId('comparison');
  await panel.waitFor();
  const file = { name: 'survey.geojson', mimeType: 'application/geo+json', buffer: await survey() };
  await panel.locator('input[type=file]').setInputFiles(file);
  await panel.getByTestId('comparison-sums').waitFor();
  assert.match(await panel.getByTestId('comparison-sums').innerText(), /变化 2 处。 整体偏移：东 1\.[12]\d? 米，北 -?0/);
  await panel.locator('[data-change=vanished]').waitFor();
  const built = panel.locator('[data-change=new]');
  assert.match(await built.innerText(), /新增 [\d,.]+ 平方米/);
  await built.getByRole('button', { name: '生成线索' }).click();
  await built.getByRole('button', { name: '看线索' }).waitFor();
  await panel.scrollIntoViewIfNeeded();
  await picture(page, 'desktop-comparison');
  await built.getByRole('button', { name: '看线索' }).click();
  await page.getByTestId('process').waitFor();
  assert.equal(await page.getByTestId('process-state').innerText(), '线索发现');
  await close();
});

test('the comparison fits a phone, and says what is wrong with a file', async () => {
  const { page, close } = await openAs('enforcer', { device: PHONE, expected: /422 \(Unprocessable/ });
  await page.getByRole('button', { name: '更多' }).click();
  await page.locator('.bottom-bar .menu').getByRole('button', { name: '两违' }).click();
  const panel = page.getByTestId('comparison');
  await panel.scrollIntoViewIfNeeded();
  const file = { name: 'empty.geojson', mimeType: 'application/geo+json', buffer: Buffer.from('{"type":"FeatureCollection","features":[]}') };
  await panel.locator('input[type=file]').setInputFiles(file);
  await panel.getByRole('alert').waitFor();
  assert.match(await panel.getByRole('alert').innerText(), /没有房屋轮廓/);
  await picture(page, 'phone-comparison');
  await close();
});
