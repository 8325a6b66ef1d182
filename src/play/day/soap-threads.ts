import type { RestPush, SoapPush, Thread } from './events.ts';
import type { Teller } from './rest-items.ts';
import { gathered } from './rest-threads.ts';
import type { Office } from './stories.ts';

/** A system that sends what has gathered in SOAP envelopes, some of them twice. */
export function inEnvelopes(office: Office, tell: Teller, count: number): Thread {
  const { startsAt, pushes } = gathered(office, tell, count, 'array');
  return { startsAt, pushes: (pushes as readonly RestPush[]).map(enveloped) };
}

function enveloped({ path, told }: RestPush): SoapPush {
  return { door: 'soap', operation: path === 'dossiers' ? 'PushDossiers' : 'PushProgress', told };
}
