import type { RestPush, SoapPush, Thread } from './events.ts';
import type { NumberEvent } from './rest-items.ts';
import { gathered } from './rest-threads.ts';
import type { Office } from './stories.ts';

/** A system that sends batches in SOAP envelopes, some of them twice. */
export function inEnvelopes(office: Office, numbered: NumberEvent, count: number): Thread {
  const { startsAt, pushes } = gathered(office, numbered, count, 'array');
  return { startsAt, pushes: (pushes as readonly RestPush[]).map(enveloped) };
}

function enveloped({ path, events }: RestPush): SoapPush {
  return { door: 'soap', operation: path === 'dossiers' ? 'PushDossiers' : 'PushProgress', events };
}
