import { cameFrom } from './citizen.ts';
import type { TestHub } from './hub.ts';
import { logIn } from './legacy-system.ts';
import { envelope, sendSoap } from './soap.ts';

export const secretOf = (party: string): string => `${party}-secret-of-the-tests`;
export const basic = (party: string) => ({
  Authorization: `Basic ${Buffer.from(`${party}:${secretOf(party)}`).toString('base64')}`,
});
export const bearer = (party: string) => ({ Authorization: `Bearer ${secretOf(party)}` });

const sessions = new WeakMap<TestHub, Map<string, Promise<{ session: string }>>>();

/** A party's session in the national portal's dialect. It lasts for a whole test, because the clock stands still. */
export async function sessionOf(hub: TestHub, party: string): Promise<string> {
  const known = sessions.get(hub) ?? new Map<string, Promise<{ session: string }>>();
  sessions.set(hub, known);
  const login = known.get(party) ?? logIn(hub, party, secretOf(party));
  known.set(party, login);
  return (await login).session;
}

/** A party's view of a dossier by both doors that show one in full. */
export async function readBy(hub: TestHub, party: string, code: string): Promise<string> {
  const ask = `<h:GetDossier><h:code>${code}</h:code></h:GetDossier>`;
  const soap = await sendSoap(hub, envelope(ask), { party, key: null, headers: basic(party) });
  const found = await hub.request('POST', '/mapi/g', undefined, {
    session: await sessionOf(hub, party),
    madonvi: 'H60',
    service: 'TraCuuHoSo',
    mahoso: code,
  });
  return `${soap.text}\n${await found.text()}`;
}

let people = 0;

/** The status of a citizen's look-up, each from an address of its own. */
export async function lookUp(hub: TestHub, code: string, proof: string): Promise<number> {
  const env = cameFrom(`203.0.${people >> 8}.${people++ & 255}`);
  return (await hub.hub.app.request(`/api/public/dossiers/${code}?proof=${proof}`, {}, env)).status;
}
