import type { Catalogue } from '../day/day.ts';
import type { Push } from '../day/events.ts';
import type { PartnerName } from '../participants/participants.ts';
import type { Stage } from '../stage/stage.ts';
import { type Acknowledgements, createAcknowledgements } from './acknowledgements.ts';
import { waitForCatalogue } from './catalogue.ts';
import { type AskHub, createHubClient } from './hub-client.ts';
import { patient } from './reading.ts';
import { createSender } from './sending.ts';

/** How a play reaches the hub of its stage, and what the hub acknowledged. */
export interface Session {
  readonly client: AskHub;
  /** Retries until the hub answers 200. */
  readonly ask: AskHub;
  readonly catalogue: Catalogue;
  readonly acknowledgements: Acknowledgements;
  /** Retries a push of a one-stop system until the hub acknowledges it. */
  readonly send: (push: Push) => Promise<void>;
}

/** Resolves when the hub has the catalogue. */
export async function openSession(
  { url, secrets, participants }: Pick<Stage<PartnerName>, 'url' | 'secrets' | 'participants'>,
  signal: AbortSignal,
): Promise<Session> {
  const client = createHubClient(url, signal);
  const ask = patient(client, signal);
  const acknowledgements = createAcknowledgements();
  const catalogue = await waitForCatalogue(ask, secrets, signal);
  const send = createSender({ client, hubUrl: url, partners: participants, secrets, acknowledgements, signal });
  return { client, ask, catalogue, acknowledgements, send };
}
