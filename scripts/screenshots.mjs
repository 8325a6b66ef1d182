// Takes the pictures of docs/images/ from a demo that it starts itself. Needs Chromium. Run: npm run screenshots
// With a folder, it takes every page in light and dark at three widths instead: npm run screenshots -- FOLDER
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { lookUp, signIn, takeGallery } from './gallery.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const IMAGES = path.join(ROOT, 'docs', 'images');
const MAX_BYTES = 160_000;
const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find((file) => file !== undefined && fs.existsSync(file));

/** The demo prints these at the end of its day. */
const CITIZEN = /what citizens see\s+(http\S+?)\/ \(try (\S+) and (\d+)\)/;
const CONSOLE = /\/console \(key (\S+), secret (\S+)\)/;

async function main() {
  if (CHROMIUM === undefined) throw new Error('no Chromium: install it, or set CHROMIUM to its path');
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'lienthong-screenshots-'));
  const env = { ...process.env, PORT: '0', HUB_DATA_DIR: dataDir };
  const demo = spawn(process.execPath, [path.join(ROOT, 'bin', 'lienthong.mjs'), 'demo'], { env });
  const ended = once(demo, 'exit');
  try {
    const addresses = await addressesOf(demo);
    const folder = process.argv[2];
    await inBrowser((browser) => (folder ? takeGallery(browser, addresses, folder) : takeAll(browser, addresses)));
  } finally {
    demo.kill('SIGTERM');
    await ended;
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Waits for the addresses. The demo plays its day first, in one to three minutes. */
function addressesOf(demo) {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk) => {
      text += chunk;
      const [citizen, operator] = [CITIZEN.exec(text), CONSOLE.exec(text)];
      if (!citizen || !operator) return;
      const [, url, code, proof] = citizen;
      const [, id, secret] = operator;
      resolve({ url, code, proof, id, secret });
    };
    demo.stdout.setEncoding('utf8').on('data', read);
    demo.stderr.setEncoding('utf8').on('data', (chunk) => {
      process.stderr.write(chunk);
      read(chunk);
    });
    demo.once('exit', () => reject(new Error(`the demo ended early:\n${text}`)));
  });
}

/** Pages, elements and pictures take longer on a busy machine than the 30 s of Playwright. */
const PATIENCE_MS = 300_000;

async function inBrowser(use) {
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args, timeout: PATIENCE_MS });
  const newContext = async (options) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  };
  try {
    await use({ newContext });
  } finally {
    await browser.close();
  }
}

async function takeAll(browser, addresses) {
  const { url } = addresses;
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  const page = await context.newPage();
  await lookUp(page, addresses);
  await take(page, 'citizen');
  await signIn(page, addresses);
  for (const [name, place] of Object.entries({ console: '', quarantine: '/quarantine', deliveries: '/deliveries' })) {
    await page.goto(`${url}/console${place}?lang=en`);
    // A long table of words makes the largest picture.
    await page.setViewportSize({ width: 1100, height: name === 'quarantine' ? 620 : 760 });
    await take(page, name);
  }
  await page.goto(`${url}/console/dossiers?code=${addresses.code}&lang=en`);
  await take(page.locator('figure.journey'), 'journey');
}

/** @param place a page, or a part of it */
async function take(place, name) {
  const file = path.join(IMAGES, `${name}.png`);
  await place.screenshot({ path: file });
  const { size } = fs.statSync(file);
  console.log(`${path.relative(ROOT, file)}  ${Math.round(size / 1000)} KB`);
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, expected at most ${MAX_BYTES}`);
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === import.meta.filename) await main();
