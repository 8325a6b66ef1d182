import type { TestHub } from './hub.ts';

/** A request from an address, as the server would hand it over. */
export const cameFrom = (remoteAddress: string, headers: Readonly<Record<string, string>> = {}) => ({
  incoming: { socket: { remoteAddress }, headers },
});

/** A page that a citizen opens, and its text without the tags. */
export async function openPage(hub: TestHub, path: string, init: RequestInit, address: string) {
  const response = await hub.hub.app.request(path, init, cameFrom(address));
  const html = await response.text();
  const text = html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return { status: response.status, headers: response.headers, html, text };
}
