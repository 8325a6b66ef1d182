import { existsSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRETS, type TestHub, testHub } from '../support/hub.ts';

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);

describe.skipIf(executablePath === undefined)(`in a browser${executablePath ? '' : ' (skipped: no Chromium)'}`, () => {
  let hub: TestHub;
  let server: ReturnType<typeof serve>;
  let url: string;
  let browser: Awaited<ReturnType<typeof chromium.launch>>;

  beforeAll(async () => {
    hub = await testHub();
    url = await new Promise((resolve) => {
      server = serve({ fetch: hub.hub.app.fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
        resolve(`http://127.0.0.1:${info.port}`),
      );
    });
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await hub?.close();
  });

  test('the API can be read and tried: a dossier is asked for from the page', async () => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const foreign: string[] = [];
    page.on(
      'request',
      (request) => request.url().startsWith(url) || request.url().startsWith('data:') || foreign.push(request.url()),
    );
    await page.goto(`${url}/docs`);
    await page.getByText('Push dossiers: one, an array').waitFor();
    expect(await page.title()).toBe('Liên Thông – API');
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const bearer = page.locator('.auth-container', { has: page.locator('input[aria-label="auth-bearer-value"]') });
    await bearer.locator('input').fill(SECRETS.portal);
    await bearer.locator('.authorize').click();
    await page.locator('.btn-done').first().click();
    await page.getByText('A dossier by any of its codes').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByPlaceholder('code').fill('H60.01-250812-0000');
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.getByText('there is no dossier').first().waitFor();
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png`, fullPage: true });
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
  });

  test('the type of a problem leads to its explanation, though the API is drawn above it', async () => {
    const page = await browser.newPage();
    await page.goto(`${url}/docs#problem-unavailable`);
    await page.getByText('Push dossiers: one, an array').waitFor();
    const problem = page.locator('#problem-unavailable');
    const top = async (): Promise<number> => (await problem.boundingBox())?.y ?? -1;
    await expect.poll(top).toBeGreaterThanOrEqual(0);
    expect(await top()).toBeLessThan(page.viewportSize()?.height ?? 0);
    expect(await problem.textContent()).toMatch(/^unavailable, 503/);
  });
});
