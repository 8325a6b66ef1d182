import { existsSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { type Browser, chromium } from 'playwright-core';
import { describe } from 'vitest';
import type { TestHub } from './hub.ts';

/** The shell has the same engine and no window to draw: half of the processor time. */
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Tests in Chromium; skipped without it. */
export function describeInBrowser(tests: () => void): void {
  describe.skipIf(executablePath === undefined)(
    `in a browser${executablePath ? '' : ' (skipped: no Chromium)'}`,
    tests,
  );
}

export interface ServedHub {
  readonly url: string;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** A hub at an address of its own, and a browser for it. */
export async function serveToBrowser({ hub, close }: TestHub): Promise<ServedHub> {
  let server: ReturnType<typeof serve> | undefined;
  const url = await new Promise<string>((resolve) => {
    server = serve({ fetch: hub.app.fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
      resolve(`http://127.0.0.1:${info.port}`),
    );
  });
  const browser = await chromium.launch({
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
  // A busy machine needs longer than the 30 s of Playwright for a page. The limit of a test ends a hang.
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(110_000);
    return context;
  };
  return {
    url,
    browser,
    async close() {
      await browser.close();
      server?.close();
      await close();
    },
  };
}
