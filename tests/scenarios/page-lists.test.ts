import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';
import { CONSOLE, CONTENTS, PUBLIC } from '../support/page-list.ts';

const { PLACES, SIGN_IN, WAYS } = await import(new URL('../../scripts/gallery.mjs', import.meta.url).href);

/** Addresses that are no pages, and those that belong to others. */
const NO_PAGES = [
  ...['/pages/:file', '/statistics.csv', '/embed/dossier.js', '/console/live', '/console/dossiers/evidence'],
  // Swagger UI is not ours, and the rest is for programs.
  ...['/docs', '/docs/:file', '/openapi.json', '/schemas/:name', '/metrics'],
];

/** The pictures and the checks of accessibility, width, weight and paper. */
const LISTS: Readonly<Record<string, { readonly addresses: readonly string[]; readonly routes: readonly string[] }>> = {
  'npm run screenshots': {
    addresses: PLACES,
    routes: [SIGN_IN, ...WAYS.map(({ page }: { readonly page: string }) => page)],
  },
  'every-page.test.ts': { addresses: [...PUBLIC, ...CONSOLE], routes: CONTENTS.flatMap(({ pages }) => [...pages]) },
};

let hub: TestHub;
let pages: readonly string[];
beforeAll(async () => {
  hub = await testHub();
  const { routes } = hub.hub.app as unknown as { routes: readonly { method: string; path: string }[] };
  const isPage = (path: string): boolean =>
    !/^\/(?:api|health|soap|\.well-known)\b/.test(path) && !path.includes('*') && !NO_PAGES.includes(path);
  pages = [...new Set(routes.filter(({ method, path }) => method === 'GET' && isPage(path)).map(({ path }) => path))];
});
afterAll(() => hub.close());

describe.each(Object.entries(LISTS))('%s', (_, { addresses, routes }) => {
  test('has every page of the hub, and no route that the hub does not have', () => {
    expect(pages.length).toBeGreaterThan(50);
    const paths = addresses.map((address) => address.replace(/[?#].*/, ''));
    const isOpened = (page: string): boolean => {
      const pattern = new RegExp(`^${page.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
      return routes.includes(page) || paths.some((path) => pattern.test(path));
    };
    expect(pages.filter((page) => !isOpened(page))).toEqual([]);
    expect(routes.filter((route) => !pages.includes(route))).toEqual([]);
  });
});
