import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';

interface Item {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly auth?: { readonly type: string };
    readonly url: { readonly path: readonly string[] };
    readonly body?: { readonly raw: string };
  };
}

describe('the collection for Postman and Bruno', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-collection-'));
  let hub: TestHub;
  let items: readonly Item[];
  let paths: Readonly<Record<string, object>>;
  beforeAll(async () => {
    hub = await testHub();
    const { body } = await hub.read('/openapi.json');
    paths = (body as { paths: typeof paths }).paths;
    const [document, collection] = [join(folder, 'openapi.json'), join(folder, 'collection.json')];
    writeFileSync(document, JSON.stringify(body));
    const script = join(import.meta.dirname, '..', '..', 'scripts', 'collection.mjs');
    execFileSync(process.execPath, [script, document, collection], { stdio: 'pipe' });
    const made = JSON.parse(readFileSync(collection, 'utf8')) as { item: readonly { item: readonly Item[] }[] };
    items = made.item.flatMap(({ item }) => item);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await hub.close();
  });
  const pathOf = ({ request }: Item, values: (name: string) => string): string =>
    `/${request.url.path.map((part) => part.replace(/^:(\w+)$/, (_, name: string) => values(name))).join('/')}`;

  test('has each request of the OpenAPI document once', () => {
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const inCollection = items.map((item) => `${item.request.method} ${pathOf(item, (name) => `{${name}}`)}`);
    expect(inCollection.toSorted()).toEqual(documented.toSorted());
    expect(items.filter(({ name }) => !name)).toEqual([]);
  });

  test('asks for a key where the hub does, at addresses that exist', async () => {
    const keyed = items.filter(({ request }) => request.auth === undefined);
    expect(keyed.length).toBeGreaterThan(50);
    const answers = await Promise.all(
      keyed.map(async (item) => {
        const path = pathOf(item, (name) => (name === 'party' ? 'one-stop' : 'x'));
        const { status } = await hub.request(item.request.method, path, undefined, item.request.body?.raw);
        return `${item.request.method} ${path} ${status}`;
      }),
    );
    expect(answers.filter((answer) => !answer.endsWith(' 401'))).toEqual([]);
    for (const missing of ['/api/v1/nothing', '/api/v1/ops/nothing'])
      expect(await hub.request('GET', missing), missing).toMatchObject({ status: 404 });
  });

  test.each(['dossiers', 'progress'])('has a body that the hub accepts: %s', async (what) => {
    const item = items.find(({ request }) => request.url.path.join('/') === `api/v1/parties/:party/${what}`) as Item;
    const { results } = await hub.push(item.request.body?.raw, { what });
    expect(results).toMatchObject([{ outcome: 'accepted' }]);
  });
});
