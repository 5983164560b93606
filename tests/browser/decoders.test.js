// Tiles read by the decoders that others use: Mapbox's own, and MapLibre's of both encodings.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { api, eventually, jump, open, serve, stop } from './harness.js';

after(stop);

/** The tiles of a zoom over a layer. */
async function over(layer, z) {
  const { bounds } = await api(`/tiles/${layer}.json`);
  const x = (lon) => Math.floor(((lon + 180) / 360) * 2 ** z);
  const y = (lat) => Math.floor((0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)) * 2 ** z);
  const tiles = [];
  for (let column = x(bounds[0]); column <= x(bounds[2]); column++) {
    for (let row = y(bounds[3]); row <= y(bounds[1]); row++) tiles.push({ z, x: column, y: row });
  }
  return tiles;
}

async function fetched(path) {
  const { url } = await serve();
  const answer = await fetch(url + path);
  if (answer.status === 204) return null;
  assert.equal(answer.status, 200, path);
  return new Uint8Array(await answer.arrayBuffer());
}

test('Mapbox’s decoder finds every house, whole and in its place', async () => {
  const { numberMatched } = await api('/collections/building/items?limit=1&f=json');
  const seen = new Map();
  for (const { z, x, y } of await over('building', 16)) {
    const bytes = await fetched(`/tiles/building/${z}/${x}/${y}.mvt`);
    if (!bytes) continue;
    const layer = new VectorTile(new PbfReader(bytes)).layers.building;
    assert.equal(layer.version, 2);
    assert.equal(layer.extent, 4096);
    for (let at = 0; at < layer.length; at++) {
      const feature = layer.feature(at);
      const { geometry } = feature.toGeoJSON(x, y, z);
      seen.set(feature.properties.id, { number: feature.id, geometry });
    }
  }
  assert.equal(seen.size, numberMatched);
  assert.equal(new Set([...seen.values()].map(({ number }) => number)).size, numberMatched);
  const { features } = await api('/collections/building/items?limit=50&f=json');
  for (const { id, geometry } of features) {
    const ring = (shape) => (shape.type === 'MultiPolygon' ? shape.coordinates[0][0] : shape.coordinates[0]);
    const [lon, lat] = ring(geometry)[0];
    const near = ring(seen.get(id).geometry).some(([x, y]) => Math.hypot(x - lon, y - lat) < 3e-6);
    assert.ok(near || seen.get(id).geometry.type === 'MultiPolygon', id);
  }
});

test('counts of clusters and of hexagons are all there are', async () => {
  const { numberMatched } = await api('/collections/building/items?limit=1&f=json');
  for (const z of [12, 15]) {
    let clusters = 0;
    const hexagons = new Map();
    for (const { x, y } of await over('building', z)) {
      const read = async (how) => {
        const bytes = await fetched(`/tiles/building/${z}/${x}/${y}.mvt?aggregate=${how}`);
        const layer = bytes && new VectorTile(new PbfReader(bytes)).layers.building;
        return layer ? Array.from({ length: layer.length }, (_, at) => layer.feature(at)) : [];
      };
      for (const { properties } of await read('cluster')) clusters += properties.count;
      for (const { id, properties } of await read('hexagon')) hexagons.set(id, properties.count);
    }
    assert.equal(clusters, numberMatched);
    assert.equal([...hexagons.values()].reduce((sum, count) => sum + count, 0), numberMatched);
  }
});

test('MapLibre draws the same from both encodings', async () => {
  const { page, url, close } = await open();
  const { bounds } = await api('/tiles/building.json');
  const middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2];
  for (const zoom of [13.5, 16.2]) {
    await jump(page, middle, zoom);
    const drawn = await page.evaluate(
      async ([origin]) => {
        const { map } = document.querySelector('.map').stage;
        const found = {};
        for (const encoding of ['mvt', 'mlt']) {
          const tiles = [`${origin}/tiles/building,road/{z}/{x}/{y}.${encoding}`];
          map.addSource(encoding, { type: 'vector', tiles, maxzoom: 17, encoding });
          for (const layer of ['building', 'road']) {
            const type = layer === 'road' ? 'line' : 'fill';
            map.addLayer({ id: `${encoding}:${layer}`, type, source: encoding, 'source-layer': layer });
          }
        }
        await new Promise((resolve) => map.once('idle', resolve));
        for (const encoding of ['mvt', 'mlt']) {
          const layers = [`${encoding}:building`, `${encoding}:road`];
          const features = map.queryRenderedFeatures({ layers });
          found[encoding] = features
            .map(({ id, properties, sourceLayer, geometry }) =>
              JSON.stringify([sourceLayer, id ?? null, Object.entries(properties).sort(), geometry.type]),
            )
            .sort();
          for (const layer of layers) map.removeLayer(layer);
          map.removeSource(encoding);
        }
        return found;
      },
      [url],
    );
    assert.ok(drawn.mvt.length > 0);
    assert.deepEqual(drawn.mlt, drawn.mvt);
  }
  await eventually(page, () => document.querySelector('.map').stage.map.areTilesLoaded());
  await close();
});
