import type { Push } from '../day/events.ts';
import type { Partners } from '../participants/participants.ts';
import type { Secrets } from '../stage/hub-file.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { AskHub } from './hub-client.ts';
import { createLegacySystem } from './legacy-client.ts';
import { pushRecords, pushRest } from './one-stop-client.ts';
import { createSoapSystem } from './soap-client.ts';
import { untilAcknowledged } from './until-acknowledged.ts';

export interface SenderOptions {
  readonly client: AskHub;
  readonly hubUrl: string;
  readonly partners: Partners;
  readonly secrets: Secrets;
  readonly acknowledgements: Acknowledgements;
  readonly signal: AbortSignal;
}

/** The one-stop systems: retries each push at its door until it is acknowledged, then records it. */
export function createSender(options: SenderOptions): (push: Push) => Promise<void> {
  const { client, hubUrl, partners, secrets, acknowledgements, signal } = options;
  const system = { ask: client, key: secrets['one-stop'], partner: partners['one-stop'], acknowledgements };
  const account = { username: 'one-stop-legacy', password: secrets['one-stop-legacy'] };
  const legacy = createLegacySystem(client, account, acknowledgements);
  const soap = createSoapSystem(hubUrl, secrets['one-stop'], acknowledgements, signal);
  const once = (push: Push): Promise<void> => {
    if (push.door === 'rest') return pushRest(system, push);
    if (push.door === 'records') return pushRecords(system, push);
    return push.door === 'soap' ? soap.push(push) : legacy.push(push);
  };
  return (push) => untilAcknowledged(() => once(push), signal, acknowledgements.retried);
}
