// Writes the types of what the API answers, from its own description (OpenAPI), to src/api/schema.ts.
//
//   npm run api-types -- http://127.0.0.1:8080     asks a running server
//   npm run api-types -- URL --check               says whether the file is current; exit 1 when it is not
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const FILE = fileURLToPath(new URL('../src/api/schema.ts', import.meta.url));
const HEAD = `/**
 * What the API answers and takes. Made by \`npm run api-types\` from the server's OpenAPI document; do not edit.
 */
`;

const [url, check] = process.argv.slice(2);
if (!url) {
  console.error('usage: npm run api-types -- URL [--check]');
  process.exit(2);
}
const answer = await fetch(new URL('/api', url));
if (!answer.ok) throw new Error(`${url}/api: ${answer.status}`);
const { openapi, info, components } = await answer.json();
// What a layer has is in the catalog, where the page takes it from; paths and parameters name every layer.
const ofLayer = (schema) => schema?.$ref?.startsWith('#/components/schemas/properties.');
/** The same without the fields of the layers. */
const general = (value) => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(general);
  if (ofLayer(value) || value.anyOf?.every(ofLayer)) return { type: 'object', additionalProperties: true };
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, general(inner)]));
};
const own = Object.entries(components.schemas).filter(([name]) => !name.startsWith('properties.'));
const ast = await openapiTS(
  { openapi, info, paths: {}, components: { schemas: general(Object.fromEntries(own)) } },
  {
    // A coordinate is a pair, a box has four sides.
    arrayLength: true,
    // Shapes have types of their own, which the map's library shares.
    transform: (_, { path }) =>
      path === '#/components/schemas/Geometry' ? ts.factory.createTypeReferenceNode('Geometry') : undefined,
  },
);
const wanted = `${HEAD}import type { Geometry } from 'geojson';\n\n${astToString(ast)}`;
if (check) {
  const there = await readFile(FILE, 'utf8').catch(() => '');
  if (there !== wanted) {
    console.error('src/api/schema.ts is not what the server says: run npm run api-types -- URL');
    process.exit(1);
  }
} else {
  await writeFile(FILE, wanted);
}
