// Every page of the demo as a picture, in light and dark and at three widths, with a page that shows all of them.
import fs from 'node:fs';
import path from 'node:path';

const WIDTHS = [1280, 768, 360];
const SCHEMES = ['light', 'dark'];
const PUBLIC = [
  ...['/', '/services', '/services?q=khai%20sinh', '/services/1.001193', '/agencies', '/statistics'],
  ...['/statistics?level=commune', '/questions', '/questions/ask', '/questions/follow', '/rating', '/status'],
  ...['/no-such-page', '/embed/dossier'],
];
const CONSOLE = [
  ...['', '/deliveries', '/deliveries?state=failed', '/bulk', '/replays', '/replays/new?state=delivered', '/messages'],
  ...['/quarantine', '/records', '/troubled-records', '/code-tables', '/code-tables?party=national-portal'],
  ...['/unknown-codes', '/anomalies', '/incidents', '/incidents?state=all', '/due?within=30', '/due?within=overdue'],
  ...['/statistics', '/statistics?level=commune', '/statistics/dossiers?column=pending.late&by=agency', '/reports'],
  ...['/retention', '/asks', '/erase', '/audit', '/parts', '/search?q=h', '/parties/national-portal'],
  ...['/parties/national-portal/backfill', '/parties/national-portal/compared?with=civil-status'],
].map((place) => `/console${place}`);
/** Lists of the console. The first entry of each is taken, too. */
const LISTS = [
  '/deliveries?state=delivered',
  '/messages',
  '/quarantine',
  '/records',
  '/replays',
  '/incidents?state=all',
];

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
        const isMissingPage = message.text().includes('404') && page.url().endsWith('/no-such-page');
        if (message.type() === 'error' && !isMissingPage) faults.push(`${page.url()}: ${message.text()}`);
      });
      const take = async (name) => {
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        if (wide > width) faults.push(`${page.url()} is ${wide} px wide in a window of ${width} px`);
        const file = `${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(folder, file), fullPage: true });
        taken.push({ name, width, colorScheme, file });
      };
      await lookUp(page, addresses);
      await take('dossier');
      await page.goto(`${addresses.url}/console/sign-in`);
      await take('console-sign-in');
      await signIn(page, addresses);
      const journey = `/console/dossiers?code=${addresses.code}`;
      for (const place of [...PUBLIC, ...CONSOLE, journey]) {
        await page.goto(`${addresses.url}${place}`);
        await take(nameOf(place));
      }
      for (const list of LISTS) {
        await page.goto(`${addresses.url}/console${list}`);
        const entry = page.locator('main tbody th a').first();
        if ((await entry.count()) === 0) continue;
        await page.goto(new URL(await entry.getAttribute('href'), addresses.url).href);
        await take(`one-of-console${list.replace(/[?].*/, '').replace('/', '-')}`);
      }
      await context.close();
    }
  fs.writeFileSync(path.join(folder, 'index.html'), indexOf(taken));
  console.log(`${taken.length} pictures in ${folder}`);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** Shows the dossier that the demo names to citizens. */
export async function lookUp(page, { url, code, proof }) {
  await page.goto(`${url}/`);
  await page.fill('[name=code]', code);
  await page.fill('[name=proof]', proof);
  await submit(page);
}

export async function signIn(page, { url, id, secret }) {
  await page.goto(`${url}/console/sign-in`);
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
