import { SECRETS, type TestHub } from './hub.ts';
import type { Json } from './json.ts';

/** A one-stop system that speaks to the hub as to the national portal, with a session of its own. */
export interface LegacySystem {
  readonly session: string;
  call(service: string, args: object, session?: string): Promise<Json>;
}

export async function legacySystem(hub: TestHub): Promise<LegacySystem> {
  const { session } = await logIn(hub, 'one-stop', SECRETS['one-stop']);
  return {
    session,
    call: (service, args, by = session) => ask(hub, '/mapi/g', { session: by, madonvi: 'H60', service, ...args }),
  };
}

export function logIn(hub: TestHub, username: string, password: string): Promise<Json> {
  return ask(hub, '/mapi/login', { username, password });
}

async function ask(hub: TestHub, path: string, body: object): Promise<Json> {
  return (await hub.request('POST', path, undefined, body)).json();
}
