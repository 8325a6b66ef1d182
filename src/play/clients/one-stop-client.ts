import axios from 'axios';
import { withoutUndefined } from '#core/without-undefined';
import { SIMULATOR_TOKEN } from '../../../adapters/one-stop/simulator.ts';
import type { PartnerEvent, RecordEvent, RecordPush, RestPush } from '../day/events.ts';
import type { Participant } from '../participants/participants.ts';
import type { Acknowledgements, Outcome } from './acknowledgements.ts';
import type { AskHub } from './hub-client.ts';
import { NotAcknowledged } from './until-acknowledged.ts';

interface Receipt {
  readonly receipt?: string;
  readonly results?: readonly { readonly index: number; readonly outcome: Outcome }[];
  readonly detail?: string;
}

export interface RestSystem {
  readonly ask: AskHub;
  readonly key: string;
  readonly partner: Participant;
  readonly acknowledgements: Acknowledgements;
}

/** Sends one request of the province's one-stop system to the REST door. */
export async function pushRest({ ask, key, partner, acknowledgements }: RestSystem, push: RestPush): Promise<void> {
  const { path, form, events, idempotencyKey } = push;
  if (push.isEntered) for (const one of events) await enter(partner, one);
  const { status, body } = await ask({
    path: `/api/v1/parties/one-stop/${path}`,
    key,
    body: bodyOf(form, events),
    headers: withoutUndefined({
      'Content-Type': form === 'lines' ? 'application/x-ndjson' : 'application/json',
      'Idempotency-Key': idempotencyKey || undefined,
    }),
  });
  const { receipt, results = [], detail } = body as Receipt;
  if (results.length !== events.length)
    throw new Error(
      `POST ${path}: status ${status} with ${results.length} results for ${events.length} items: ${detail ?? ''}`,
    );
  acknowledgements.receipt(receipt ?? '');
  for (const { index, outcome } of results) acknowledgements.add('rest', events[index] as PartnerEvent, outcome);
}

/** Sends one request with records of another kind than dossiers. */
export async function pushRecords(
  { ask, key, acknowledgements }: Omit<RestSystem, 'partner'>,
  { path, form, events }: RecordPush,
): Promise<void> {
  const items = events.map(({ item }) => item);
  const body = JSON.stringify(form === 'single' ? items[0] : items);
  const answer = await ask({ path: `/api/v1/parties/one-stop/${path}`, key, body });
  const { receipt, results = [], detail } = answer.body as Receipt;
  if (results.length !== events.length)
    throw new Error(`POST ${path}: status ${answer.status} with ${results.length} results: ${detail ?? ''}`);
  acknowledgements.receipt(receipt ?? '');
  for (const { index, outcome } of results) acknowledgements.addRecord(events[index] as RecordEvent, outcome);
}

function bodyOf(form: RestPush['form'], events: readonly PartnerEvent[]): string {
  const items = events.map(({ item }) => item);
  if (form === 'lines') return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n');
  return JSON.stringify(form === 'single' ? items[0] : items);
}

/** The one-stop system enters a dossier in its own book, so it knows the dossier when others report it. */
async function enter({ url }: Participant, { code, item }: PartnerEvent): Promise<void> {
  const headers = { Authorization: `Bearer ${SIMULATOR_TOKEN}`, 'Idempotency-Key': `entered ${code}` };
  await axios
    .put(`${url}/dossiers/${encodeURIComponent(code)}`, item, { proxy: false, headers })
    .catch((error: Error) => {
      throw new NotAcknowledged(`the one-stop system itself: ${error.message}`);
    });
}
