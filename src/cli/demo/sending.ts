import type { Acknowledgements } from './acknowledgements.ts';
import type { AskHub } from './hub-client.ts';
import { createLegacySystem } from './legacy-client.ts';
import { pushRest } from './one-stop-client.ts';
import type { Partners } from './partners.ts';
import { untilAcknowledged } from './persistence.ts';
import type { Secrets } from './settings.ts';
import type { Push } from './told.ts';

export interface SendingMeans {
  readonly client: AskHub;
  readonly partners: Partners;
  readonly secrets: Secrets;
  readonly acknowledgements: Acknowledgements;
  readonly signal: AbortSignal;
}

/** The two one-stop systems: each push goes through its door until it is acknowledged, and is noted then. */
export function createSender(means: SendingMeans): (push: Push) => Promise<void> {
  const { client, partners, secrets, acknowledgements, signal } = means;
  const system = { ask: client, key: secrets['one-stop'], partner: partners['one-stop'], acknowledgements };
  const account = { username: 'one-stop-legacy', password: secrets['one-stop-legacy'] };
  const legacy = createLegacySystem(client, account, acknowledgements);
  return (push) =>
    untilAcknowledged(
      () => (push.door === 'rest' ? pushRest(system, push) : legacy.push(push)),
      signal,
      acknowledgements.retried,
    );
}
