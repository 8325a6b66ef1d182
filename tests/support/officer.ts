import { cameFrom } from './citizen.ts';
import type { TestHub } from './hub.ts';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The target of a redirect. */
  readonly to: string | null;
}

/** An officer at the console, with the cookies that a browser would store. */
export interface Officer {
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Page>;
  /** Sends a form like its page does, and follows the redirect. */
  post(
    path: string,
    fields?: Readonly<Record<string, string>> | FormData,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Page>;
  /** The same without following. */
  send(
    path: string,
    fields?: Readonly<Record<string, string>> | FormData,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Page>;
  signIn(keyId: string, secret?: string): Promise<Page>;
}

/** A stream never ends. It repeats parts of its page, so a test that wants it reads it itself. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text();
  await response.body?.cancel();
  return '';
}

const OWN = { 'Sec-Fetch-Site': 'same-origin' };

/** @param address the officer's address; without it requests come over no socket */
export function officerAt(hub: Pick<TestHub, 'hub'>, address?: string): Officer {
  const cookies = new Map<string, string>();
  let token = '';
  const env = address === undefined ? {} : cameFrom(address);

  async function ask(path: string, init: RequestInit): Promise<Page> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie !== '' && { Cookie: cookie }), ...(init.headers as Record<string, string>) };
    const response = await hub.hub.app.request(path, { ...init, headers }, env);
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/max-age=0/i.test(set)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const text = await textOf(response);
    token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? token;
    return { status: response.status, text, headers: response.headers, to: response.headers.get('location') };
  }

  const officer: Officer = {
    cookies,
    get: (path) => ask(path, {}),
    send(path, fields = {}, headers = OWN) {
      if (!(fields instanceof FormData))
        return ask(path, { method: 'POST', body: new URLSearchParams({ token, ...fields }), headers });
      if (!fields.has('token')) fields.set('token', token);
      return ask(path, { method: 'POST', body: fields, headers });
    },
    async post(path, fields, headers) {
      const sent = await officer.send(path, fields, headers);
      return sent.to === null ? sent : officer.get(sent.to);
    },
    signIn: (id, secret = `${id}-secret-of-the-tests`) => officer.post('/console/sign-in', { id, secret }),
  };
  return officer;
}
