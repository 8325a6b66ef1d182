import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readItem } from '#core/dossier/item';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Operation } from '#schemas/operations';
import type { Config } from '../../config/config.ts';
import { planCalls } from '../../delivery/plan-calls.ts';
import { ORIGINALS } from '../../http/doors/readers.ts';
import type { Hub } from '../../hub.ts';
import { createOriginals } from '../../index/originals.ts';
import type { Outgoing } from '../../kit/sender.ts';
import { createAudit } from '../../ledger/audit.ts';
import { type ListedDelivery, sharedCall, wasKnown } from '../../ledger/delivery-list.ts';
import type { Party } from '../../parties/party.ts';
import { makeFolders } from '../../process/make-folders.ts';
import { createVault } from '../../secrets/vault.ts';
import { loadHubConfig, withHub } from '../open-hub.ts';
import { type Result, UsageError } from '../run-command.ts';
import { NoCase } from './kept-calls.ts';
import { type WireCase, wireCaseOf } from './kept-case.ts';
import { settingsOfCase } from './settings-of-case.ts';

/**
 * Writes a stored attempt as a wire case into a new folder, with invented values for personal data and secrets. Writes
 * nothing where no faithful case is possible.
 * @param number the attempt, counted from 1; the last one by default
 */
export async function writeCase(given: string, folder: string, number: string | undefined): Promise<Result> {
  const id = wholeNumber('<delivery>', given);
  const place = number === undefined ? undefined : wholeNumber('--attempt', number);
  if (existsSync(folder)) throw new UsageError(`<folder>: ${folder} is there already; nothing was changed`);
  const config = await loadHubConfig(process.env);
  const made = await withHub(config, (hub) => caseOf(hub, config, id, place));
  if (made.kind === 'none')
    return {
      text: `no case was written: ${made.why}`,
      document: { delivery: id, written: false, why: made.why },
      failed: true,
    };
  write(folder, made.wireCase);
  return told(folder, made);
}

type Made =
  | { readonly kind: 'none'; readonly why: string }
  | {
      readonly kind: 'made';
      readonly wireCase: WireCase;
      readonly delivery: ListedDelivery;
      readonly place: number;
      readonly adapter: string;
    };

async function caseOf(hub: Hub, config: Config, id: number, wanted: number | undefined): Promise<Made> {
  const { database, ledger, parties } = hub;
  const delivery = await ledger.delivery(id);
  if (!delivery) throw new UsageError(`<delivery>: there is no delivery ${id}`);
  const party = parties.get(delivery.party);
  if (!party) throw new UsageError(`<delivery>: its party ${delivery.party} is not in the configuration`);
  const attempts = await ledger.attempts(id);
  const place = wanted ?? attempts.length;
  const attempt = attempts[place - 1];
  if (!attempt) throw new UsageError(`--attempt: delivery ${id} has ${attempts.length} attempts, got ${place}`);
  // Without an audit entry nobody sees the bytes on the wire, even with other values in them.
  await createAudit(database, Date.now).write({
    actor: 'lienthong adapter case',
    action: 'body.read',
    subject: auditSubject('delivery', id),
  });
  const isShared = (party.carries.get(delivery.operation)?.items ?? 1) > 1;
  const shared = isShared ? await sharedCall(database, delivery, attempt) : [];
  if (shared.length > 0)
    return none(
      `the call of the attempt carried deliveries ${shared.map(({ id }) => id).join(', ')} too; a case holds one delivery only`,
    );
  const outgoing = await outgoingOf(hub, config, party, delivery);
  if (!outgoing) return none('the content of the delivery is no longer stored');
  const known = await wasKnown(database, delivery, attempt.at);
  const settings = settingsOfCase(party.settings, party.adapter.settings);
  try {
    const wireCase = wireCaseOf({ delivery, attempts, attempt, outgoing, known, settings });
    requireRecord(wireCase, delivery.operation);
    return { kind: 'made', wireCase, delivery, place, adapter: config.file.parties?.[party.id]?.adapter ?? '' };
  } catch (error) {
    if (error instanceof NoCase) return none(error.message);
    throw error;
  }
}

const none = (why: string): Made => ({ kind: 'none', why });

/** The content that the delivery would send now: its version of the dossier, or its step. */
async function outgoingOf(
  { database, kinds }: Hub,
  { secrets }: Config,
  party: Party,
  delivery: ListedDelivery,
): Promise<Outgoing | undefined> {
  const vault = createVault(secrets);
  const originals = createOriginals(database, vault, ORIGINALS);
  const { id, code, version, messageId, createdAt, attempts, doubt } = delivery;
  const claimed = {
    id,
    party: party.id,
    operation: delivery.operation as Operation,
    subject: code,
    seq: version,
    messageId,
    createdAt,
    token: 0,
    attempts,
    doubt,
    sender: '',
  };
  const [call] = await planCalls(
    { database, vault, kinds },
    { originals, entries: undefined, recentCommits: undefined },
    party,
    [claimed],
  );
  return call?.items[0]?.outgoing;
}

/** Checks that the hub could store the case's record. An invented value that does not fit makes the case useless. */
function requireRecord({ files }: WireCase, operation: string): void {
  const { items } = JSON.parse(files['message.json'] as string) as { items: readonly { record: unknown }[] };
  const read = readItem(operation as Operation, items[0]?.record);
  if (read.kind !== 'record')
    throw new NoCase(`with invented values it is no record: ${read.problems.map(({ path }) => path).join(', ')}`);
}

/** Writes all four files or none, and overwrites nothing. */
function write(folder: string, { files }: WireCase): void {
  makeFolders(resolve(folder, '..'));
  mkdirSync(folder);
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { flag: 'wx' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function told(folder: string, { wireCase, delivery, place, adapter }: Extract<Made, { kind: 'made' }>): Result {
  const { files, replaced, missing } = wireCase;
  const test = `npx vitest run adapters/${adapter} -t '${basename(resolve(folder))}'`;
  const counts = Object.entries(replaced).map(([kind, count]) => `${kind}: ${count}`);
  const { id, party, operation } = delivery;
  const text = [
    `wrote ${Object.keys(files).join(', ')} to ${folder}: attempt ${place} of delivery ${id} (${operation} to ${party})`,
    `replaced by invented values, the same value always by the same: ${counts.join(', ') || 'nothing'}`,
    'not stored, and so not in the case:',
    ...missing.map((one) => `  - ${one}`),
    'Read all four files before you commit them: personal data are found by member names and by shapes, and free text may',
    'contain more. outcome.json holds what the adapter made of the answer; correct it where that was wrong.',
    `To play it in fixtures/cases of the adapter: ${test}`,
  ].join('\n');
  return {
    text,
    document: {
      delivery: id,
      attempt: place,
      party,
      operation,
      folder,
      written: true,
      files: Object.keys(files),
      replaced,
      missing,
      test,
    },
  };
}

function wholeNumber(what: string, text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new UsageError(`${what}: got ${JSON.stringify(text)}, expected a whole number`);
  return Number(text);
}
