// Every page of the demo as a picture, in light and dark and at three widths, with a page that shows all of them.
import fs from 'node:fs';
import path from 'node:path';

const WIDTHS = [1280, 768, 360];
const SCHEMES = ['light', 'dark'];
/** Addresses, for citizens and for officers. tests/scenarios/page-lists.test.ts compares the routes of the hub with them. */
export const PLACES = [
  ...[
    '/',
    '/services',
    '/services?q=khai%20sinh',
    '/services/1.001193',
    '/services/1.001193/changes',
    '/agencies',
    '/agencies?inForce=all',
    '/statistics',
  ],
  ...['/statistics?level=commune', '/questions', '/questions/ask', '/questions/follow', '/rating', '/status'],
  ...['/no-such-page', '/embed/dossier', '/receipts/no-such-receipt'],
  ...[
    ...[
      '',
      '/deliveries',
      '/deliveries?state=failed',
      '/bulk',
      '/replays',
      '/replays/new?state=delivered',
      '/messages',
    ],
    ...['/quarantine', '/records', '/troubled-records', '/code-tables', '/code-tables?party=national-portal'],
    ...['/code-tables/preview?party=one-stop&table=national-status&from=77&to=processing', '/mappings'],
    ...['/mappings/table?party=national-portal&table=national-status', '/unknown-codes', '/ended-services'],
    ...[
      '/anomalies',
      '/doubtful-dossiers',
      '/incidents',
      '/incidents?state=all',
      '/due?within=30',
      '/due?within=overdue',
    ],
    ...['/statistics', '/statistics?level=commune', '/reports'],
    ...['/retention', '/legal-holds', '/asks', '/erase', '/audit', '/parts', '/search?q=h', '/parties/national-portal'],
    ...['/parties/national-portal/backfill', '/parties/national-portal/compared?with=civil-status', '/dossiers'],
    ...['/parties/water-permits/drops', '/no-such-page'],
  ].map((place) => `/console${place}`),
];
/** Taken before the sign-in. */
export const SIGN_IN = '/console/sign-in';
const ENTRY = 'main tbody th a';
/** Pages without an address known beforehand: where a visit begins, and the first links that it follows. */
export const WAYS = [
  { page: '/console/deliveries/:id', from: '/console/deliveries?state=delivered', links: [ENTRY] },
  { page: '/console/deliveries/:id/wire', from: '/console/deliveries?state=delivered', links: [ENTRY, 'main a.look'] },
  { page: '/console/messages/:id', from: '/console/messages', links: [ENTRY] },
  { page: '/console/messages/:id/body', from: '/console/messages', links: [ENTRY, 'main a.look'] },
  { page: '/console/quarantine/:id', from: '/console/quarantine', links: [ENTRY] },
  { page: '/console/records/:kind/:code', from: '/console/records', links: [ENTRY] },
  { page: '/console/replays/:id', from: '/console/replays', links: [ENTRY] },
  {
    page: '/console/incidents/:id',
    from: '/console/incidents?state=all',
    links: ['main td a[href^="/console/incidents/"]'],
  },
  { page: '/console/mappings/:id', from: '/console/mappings', links: [ENTRY] },
  { page: '/console/parties/:party/drops/:id', from: '/console/parties/water-permits/drops', links: [ENTRY] },
  { page: '/console/statistics/dossiers', from: '/console/statistics', links: ['main .report tfoot a'] },
  { page: '/console/reports/:report', from: '/console/reports', links: [ENTRY] },
  {
    page: '/console/reports/:report/records',
    from: '/console/reports',
    links: ['main a[href*="/connections?"]', 'main tbody td.number a'],
  },
];

/** Cards and charts out of view are not drawn otherwise. */
const ALL_OF_IT = `(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { content-visibility: visible !important }');
  document.adoptedStyleSheets = [sheet];
})()`;

/** Fails on a page that is wider than its window or breaks its own policy. */
export async function takeGallery(browser, addresses, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const taken = [];
  const faults = [];
  for (const width of WIDTHS)
    for (const colorScheme of SCHEMES) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
      const page = await context.newPage();
      page.on('console', (message) => {
        const isMissingPage = message.text().includes('404') && page.url().includes('/no-such-');
        if (message.type() === 'error' && !isMissingPage) faults.push(`${page.url()}: ${message.text()}`);
      });
      const take = async (name) => {
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        await page.evaluate(ALL_OF_IT);
        if (wide > width) faults.push(`${page.url()} is ${wide} px wide in a window of ${width} px`);
        const file = `${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(folder, file), fullPage: true });
        taken.push({ name, width, colorScheme, file });
      };
      await lookUp(page, addresses);
      await take('dossier');
      await page.goto(`${addresses.url}${SIGN_IN}`);
      await take(nameOf(SIGN_IN));
      await signIn(page, addresses);
      if (taken.length === 2) await order(page, addresses);
      // One page that does not come leaves a gap, and the pictures of the others.
      const attempt = (what, visit) => visit().catch((error) => faults.push(`${what}: ${error.message}`));
      for (const place of [...PLACES, `/console/dossiers?code=${addresses.code}`])
        await attempt(place, async () => {
          await page.goto(`${addresses.url}${place}`);
          await take(nameOf(place));
        });
      for (const way of WAYS)
        await attempt(way.page, async () => {
          if (await follow(page, addresses.url, way)) await take(nameOf(way.page));
        });
      await context.close();
    }
  fs.writeFileSync(path.join(folder, 'index.html'), indexOf(taken));
  console.log(`${taken.length} pictures in ${folder}`);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** Orders what the demo's day does not: a change of a code table, and a replay. */
async function order(page, { url, code }) {
  await page.goto(`${url}/console/mappings/table?party=national-portal&table=national-status`);
  await page.fill('[name=lines]', '77 = processing');
  await carryOut(page, page.locator('form', { has: page.locator('[name=lines]') }));
  await page.goto(`${url}/console/replays/new?state=delivered&code=${code}`);
  await carryOut(page, page.locator('form', { has: page.locator('[name=perSecond]') }));
}

async function carryOut(page, form) {
  await form.locator('[name=why]').fill('để chụp ảnh trang');
  await Promise.all([page.waitForNavigation(), form.locator('button').click()]);
}

/** Opens a page by its way. False where a list on the way is empty. */
async function follow(page, url, { from, links }) {
  await page.goto(`${url}${from}`);
  for (const link of links) {
    const [href] = await page.locator(link).evaluateAll((found) => found.map((one) => one.getAttribute('href')));
    if (href === undefined) return false;
    await page.goto(new URL(href, url).href);
  }
  return true;
}

/** Shows the dossier that the demo names to citizens. */
export async function lookUp(page, { url, code, proof }) {
  await page.goto(`${url}/`);
  await page.fill('[name=code]', code);
  await page.fill('[name=proof]', proof);
  await submit(page);
}

export async function signIn(page, { url, id, secret }) {
  await page.goto(`${url}${SIGN_IN}`);
  await page.fill('[name=id]', id);
  await page.fill('[name=secret]', secret);
  await submit(page);
}

async function submit(page) {
  await Promise.all([page.waitForNavigation(), page.locator('main form button').first().click()]);
}

function nameOf(place) {
  return place.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '') || 'home';
}

function indexOf(taken) {
  const names = [...new Set(taken.map(({ name }) => name))];
  const picture = ({ file, width, colorScheme }) =>
    `<figure><a href="${file}"><img src="${file}" height="320" alt="${file}" loading="lazy"></a><figcaption>${width} px, ${colorScheme}</figcaption></figure>`;
  const section = (name) =>
    `<h2>${name}</h2><div>${taken
      .filter((one) => one.name === name)
      .map(picture)
      .join('')}</div>`;
  return `<!doctype html><meta charset="utf-8"><title>Pages</title>
<style>div{display:flex;flex-wrap:wrap;gap:12px}figure{margin:0}img{border:1px solid #999;max-width:320px;object-fit:cover;object-position:top}</style>
<h1>Pages</h1>${names.map(section).join('\n')}`;
}
