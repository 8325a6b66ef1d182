import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInBrowser, type ServedHub, serveToBrowser } from '../support/browser.ts';
import { SECRETS, type TestHub, testHub } from '../support/hub.ts';

interface Operation {
  readonly tags: readonly [string];
  readonly operationId: string;
}

describeInBrowser(() => {
  let hub: TestHub;
  let served: ServedHub;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    hub = await testHub();
    served = await serveToBrowser(hub);
    ({ url, browser } = served);
  });
  afterAll(() => served?.close());

  test('the API can be read and tried: the page requests a dossier', async () => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const foreign: string[] = [];
    page.on(
      'request',
      (request) => request.url().startsWith(url) || request.url().startsWith('data:') || foreign.push(request.url()),
    );
    const refused: string[] = [];
    page.on('console', (said) => said.text().includes('Content Security Policy') && refused.push(said.text()));
    const answer = await page.goto(`${url}/docs`);
    const guards = answer?.headers() ?? {};
    expect(guards['content-security-policy']).toContain("default-src 'none'; script-src 'self' 'sha256-");
    expect(guards['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(guards['x-content-type-options']).toBe('nosniff');
    await page.locator('.opblock-tag').first().waitFor();
    expect(await page.title()).toBe('Liên Thông – API');
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const bearer = page.locator('.auth-container', { has: page.locator('input[aria-label="auth-bearer-value"]') });
    await bearer.locator('input').fill(SECRETS.portal);
    await bearer.locator('.authorize').click();
    await page.locator('.btn-done').first().click();
    await page.locator('#index li', { hasText: 'A dossier by any of its codes' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByPlaceholder('code').fill('H60.01-250812-0000');
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.getByText('there is no dossier').first().waitFor();
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png`, fullPage: true });
    // Only the page's memory has the key: a shared browser stores nothing of it.
    expect(await storedBy(page)).not.toContain(SECRETS.portal);
    expect(refused).toEqual([]);
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
  });

  test('the index has every operation, and Swagger UI has each under its link', async () => {
    const page = await browser.newPage();
    await page.goto(`${url}/docs`);
    expect(await page.locator('h1').first().textContent()).toBe('Liên Thông API');
    expect(await page.locator('#index li', { hasText: 'The WSDL of the SOAP door' }).textContent()).not.toContain('`');
    const links = await page.locator('#index a').evaluateAll((found) => found.map((one) => one.getAttribute('href')));
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods) as Operation[]);
    const expected = operations.map(({ tags: [tag], operationId }) => `#/${encodeURIComponent(tag)}/${operationId}`);
    expect(links.toSorted()).toEqual(expected.toSorted());
    expect(links.length).toBeGreaterThan(140);
  });

  // Drawing the API takes seconds, so one page shows two things.
  test('the type of a problem leads to its explanation, and a key of an earlier version is dropped', async () => {
    const page = await browser.newPage();
    await page.goto(`${url}/health/live`);
    await page.evaluate(`localStorage.setItem('authorized', '{"bearer":"of an earlier version"}')`);
    await page.goto(`${url}/docs#problem-unavailable`);
    await page.locator('.opblock-tag').first().waitFor();
    expect(await storedBy(page)).toBe('{}');
    expect(await page.locator('button.authorize.locked, .authorize .locked').count()).toBe(0);
    const problem = page.locator('#problem-unavailable');
    const top = async (): Promise<number> => (await problem.boundingBox())?.y ?? -1;
    const height = page.viewportSize()?.height ?? 0;
    await expect.poll(async () => 0 <= (await top()) && (await top()) < height).toBe(true);
    expect(await problem.textContent()).toMatch(/^unavailable, 503/);
  });
});

function storedBy(page: Page): Promise<string> {
  return page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage })');
}
