import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { idle, openAs, serve, stop } from './harness.js';

after(stop);

/** Ground that counts as none, in m². */
const NOTHING = 0.01;

/** The corners of an areal geometry in lattice units, sorted: equal for outlines that share every vertex. */
const corners = (geometry) => {
  const all = new Set();
  const walk = (own) =>
    typeof own[0] === 'number' ? all.add(own.map((part) => Math.round(part * 1e9)).join()) : own.forEach(walk);
  walk(geometry.coordinates);
  return [...all].sort();
};

const contains = (geometry, [x, y]) => {
  const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  let odd = false;
  for (const ring of parts.flat())
    for (let at = 0; at + 1 < ring.length; at += 1) {
      const [[ax, ay], [bx, by]] = [ring[at], ring[at + 1]];
      if (ay > y !== by > y && x < ax + ((y - ay) * (bx - ax)) / (by - ay)) odd = !odd;
    }
  return odd;
};

/**
 * Houses of an outline, one by one: those with every corner inside, and those that it may go through, of which a
 * plain count cannot say where they belong.
 */
function counted(outline, houses) {
  const ring = outline.coordinates.flat(outline.type === 'Polygon' ? 1 : 2);
  const [xs, ys] = [ring.map((own) => own[0]), ring.map((own) => own[1])];
  const [west, east] = [Math.min(...xs), Math.max(...xs)];
  const [south, north] = [Math.min(...ys), Math.max(...ys)];
  let [whole, parted, floors] = [0, 0, 0];
  for (const { geometry, properties } of houses) {
    const places = geometry.coordinates.flat(geometry.type === 'Polygon' ? 1 : 2);
    const near = places.filter(([x, y]) => x >= west && x <= east && y >= south && y <= north);
    if (near.length === 0) continue;
    const inside = near.filter((place) => contains(outline, place)).length;
    if (inside === places.length) {
      whole += 1;
      floors += Math.round(properties.floor_area_m2 * 100);
    } else if (inside > 0) parted += 1;
  }
  return { whole, parted, floors };
}

test('the 20 units of 大源 are built of their grids again: live totals, no overlap, no gap', async () => {
  await serve([], 'dayuan');
  const { page, close } = await openAs('planner');
  await page.getByRole('button', { name: '更新单元', exact: true }).click();
  await page.getByRole('tab', { name: '划定范围' }).click();
  await page.locator('[data-action="new-unit"]').click();
  await page.getByTestId('drawing-table').waitFor();
  await idle(page);
  // Grid by grid on the page's own table; what it shows at each step is what `POST /statistics` says of the outline,
  // and the sum of what it says of each grid.
  const made = await page.evaluate(async () => {
    const ask = async (path, body) => {
      const response = await fetch(path, body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.json();
    };
    const app = document.querySelector('#app').__vue_app__;
    const table = app.config.globalProperties.$pinia._s.get('renewal');
    const { features: units } = await ask('/collections/renewal_unit/items?limit=50&f=json');
    const members = ['people', 'households', 'buildings', 'violations', 'contracts', 'land_use', 'plan_land', 'control_lines'];
    const sums = ['people.total', 'households', 'buildings.count', 'buildings.rental', 'violations.count'];
    const at = (value, path) => path.split('.').reduce((own, part) => own?.[part], value);
    const faults = [];
    const all = [];
    let steps = 0;
    for (const unit of units) {
      const id = String(unit.id);
      await table.start([], { unit: { id, name: String(unit.properties.name) } });
      const sum = {};
      for (const grid of unit.properties.grids.map(String)) {
        await table.pick(grid);
        steps += 1;
        const { figures, geometry } = table.outline;
        const [told, own] = await Promise.all([
          ask('/statistics', { area: geometry }),
          ask('/statistics', { layer: 'grid', id: grid }),
        ]);
        if (Math.abs(figures.area_m2 - told.area_m2) > 1e-6) faults.push(`${id} ${grid} area`);
        for (const member of members)
          if (JSON.stringify(figures[member]) !== JSON.stringify(told[member])) faults.push(`${id} ${grid} ${member}`);
        for (const path of sums) {
          sum[path] = (sum[path] ?? 0) + at(own, path);
          if (at(figures, path) !== sum[path]) faults.push(`${id} ${grid} ${path}`);
        }
      }
      const { conflicts, slivers, remainders, figures, geometry, parts } = table.outline;
      if (conflicts.length + slivers.length + remainders.length > 0) faults.push(`${id} does not fit`);
      all.push({ id, geometry, parts, figures, unit: unit.geometry });
    }
    // All of them together: what they are one by one, without overlap or gap.
    const grids = units.flatMap((unit) => unit.properties.grids.map(String));
    const whole = await ask('/renewal/outline', { steps: [{ add: { layer: 'grid', ids: grids } }] });
    await table.start([], {});
    return { all, faults, steps, grids: grids.length, whole: { area: whole.figures.area_m2, slivers: whole.slivers.length } };
  });
  assert.deepEqual(made.faults, []);
  assert.deepEqual([made.all.length, made.steps], [20, made.grids]);
  for (const { id, geometry, unit } of made.all) assert.deepEqual(corners(geometry), corners(unit), id);
  const sum = made.all.reduce((total, { figures }) => total + figures.area_m2, 0);
  assert.ok(Math.abs(sum - made.whole.area) < made.all.length * NOTHING, `${sum} ${made.whole.area}`);
  assert.equal(made.whole.slivers, 0);
  // House by house, as anyone would count them.
  const houses = [];
  for (let offset = 0, more = true; more; offset += 5000) {
    const path = `/collections/building/items?limit=5000&offset=${offset}&properties=floor_area_m2&f=json`;
    const { features } = await page.evaluate((own) => fetch(own).then((reply) => reply.json()), path);
    houses.push(...features);
    more = features.length === 5000;
  }
  for (const { id, geometry, figures } of made.all) {
    const { whole, parted, floors } = counted(geometry, houses);
    const { count, floor_area_m2: area } = figures.buildings;
    assert.ok(count >= whole && count <= whole + parted, `${id}: ${whole} + ${parted}, ${count}`);
    if (parted === 0) assert.equal(Math.round(area * 100), floors, id);
  }
  await close();
});
