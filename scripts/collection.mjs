// Makes a collection for Postman and Bruno from the OpenAPI document of a hub that runs, or of a file.
// Run: npm run collection -- http://127.0.0.1:8080 [FILE]
import fs from 'node:fs';

const [from, to = 'lienthong.postman_collection.json'] = process.argv.slice(2);
if (from === undefined) {
  console.error('usage: npm run collection -- ADDRESS-OF-THE-HUB|OPENAPI.JSON [FILE]');
  process.exit(2);
}
const isAddress = /^https?:/.test(from);
const baseUrl = isAddress ? from.replace(/\/+$/, '') : 'http://127.0.0.1:8080';
const document = JSON.parse(isAddress ? await fetched(`${baseUrl}/openapi.json`) : fs.readFileSync(from, 'utf8'));
/** Titled schemas, which others refer to. */
const models = document.components.schemas;
const collection = collectionOf(document);
fs.writeFileSync(to, `${JSON.stringify(collection, undefined, 2)}\n`);
console.error(`${to}: ${collection.item.reduce((count, { item }) => count + item.length, 0)} requests`);

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: got ${answer.status}, expected 200`);
  return answer.text();
}

/** In the format 2.1 of Postman, which Bruno imports too: one folder for each tag. */
function collectionOf({ info, tags, paths }) {
  const requests = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ tag: operation.tags[0], path, method, operation })),
  );
  return {
    info: {
      name: info.title,
      description: info.description,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{key}}', type: 'string' }] },
    variable: [
      { key: 'baseUrl', value: baseUrl },
      { key: 'key', value: '' },
      { key: 'party', value: 'one-stop' },
    ],
    item: tags.map(({ name }) => ({ name, item: requests.filter(({ tag }) => tag === name).map(requestOf) })),
  };
}

function requestOf({ path, method, operation }) {
  const { summary, description, security = [], parameters = [], requestBody } = operation;
  const of = (place) => parameters.filter((parameter) => parameter.in === place);
  const query = of('query').map(({ name, required, schema }) => ({
    key: name,
    value: required ? String(sampleOf(schema)) : '',
    description: schema.description,
    disabled: !required,
  }));
  const parts = path
    .slice(1)
    .split('/')
    .map((part) => part.replace(/^\{(\w+)\}$/, ':$1'));
  const asked = query
    .filter(({ disabled }) => !disabled)
    .map(({ key, value }) => `${key}=${encodeURIComponent(value)}`);
  return {
    name: summary,
    request: {
      method: method.toUpperCase(),
      description,
      auth: security.some((scheme) => 'key' in scheme) ? undefined : { type: 'noauth' },
      header: requestBody ? [{ key: 'Content-Type', value: Object.keys(requestBody.content)[0] }] : [],
      url: {
        raw: `{{baseUrl}}/${parts.join('/')}${asked.length > 0 ? `?${asked.join('&')}` : ''}`,
        host: ['{{baseUrl}}'],
        path: parts,
        query,
        variable: of('path').map(({ name }) => ({ key: name, value: name === 'party' ? '{{party}}' : '' })),
      },
      body: requestBody && bodyOf(requestBody.content),
    },
  };
}

function bodyOf(content) {
  const { schema } = content['application/json'] ?? {};
  const raw = schema ? JSON.stringify(sampleOf(schema), undefined, 2) : '';
  return { mode: 'raw', raw, options: { raw: { language: schema ? 'json' : 'xml' } } };
}

/** The required members, with the values that their descriptions name. */
function sampleOf(schema) {
  if ('$ref' in schema) return sampleOf(models[schema.$ref.split('/').at(-1)]);
  const { type, enum: values, description = '', properties = {}, required = [], items, anyOf, minimum } = schema;
  const [, such] = /such as (\S+?)[,;.]?(?:\s|$)/.exec(description) ?? [];
  if ('const' in schema) return schema.const;
  if (values) return values[0];
  if (type === 'object' || schema.properties)
    return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] ?? {})]));
  if (type === 'array') return items ? [sampleOf(items)] : [];
  if (type === 'integer' || type === 'number') return minimum ?? 1;
  if (type === 'boolean') return true;
  if (such !== undefined) return such;
  return anyOf && type === undefined ? sampleOf(anyOf[0]) : 'text';
}
