import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Item, RecordItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { NO_CODES } from '#core/identifiers/codes';
import { formOf, keptCause, keptProblem } from '#core/masking/kept-problem';
import { maskedDossier, maskedStep } from '#core/masking/masked-record';
import { createMentions } from '#core/masking/mentions';
import type { KindRecord } from '#core/records/kind';
import { maskRecord } from '#core/records/mask-record';
import { sentenceOf } from '#messages/render';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { loadConfig } from '../../config/config.ts';
import { ALL_KINDS } from '../../kinds/all-kinds.ts';
import type { Connection } from '../../kit/connection.ts';
import type { DropPlace } from '../../kit/drops.ts';
import type { HubQueries, Page, Puller } from '../../kit/puller.ts';
import { nodesAt } from '../../kit/xml/read-xml.ts';
import { type LoadedAdapter, loadAdapters } from '../../parties/load-adapters.ts';
import type { Party } from '../../parties/party.ts';
import { type Result, UsageError } from '../run-command.ts';
import { NoSample, sampleReplies } from './sample-replies.ts';
import { trialConnection } from './trial-connection.ts';
import { trialParty } from './trial-party.ts';
import { tryPush } from './try-push.ts';

export interface TryOptions {
  readonly all?: boolean;
  readonly personal?: boolean;
}

/** A trial reads nothing from the hub's database, so no dossier is outstanding. */
const NOTHING_OUTSTANDING: HubQueries = {
  outstanding: async () => [],
  finished: async (after) => ({ dossiers: [], after, more: false }),
  receivedRecords: async () => [],
  knownRecords: async () => new Set<string>(),
  figures: async () => {
    throw new UsageError("<pull>: it reports the hub's own counts to the partner, so a trial would send some");
  },
  results: async () => [],
  unknownSteps: async (steps) => new Set(steps),
};

/**
 * Pulls as the hub would, from the beginning, and shows the result. Stores nothing.
 *
 * @param files sample replies, which take the place of the partner
 */
export async function tryPull(
  partyId: string,
  name: string,
  files: readonly string[],
  { all, personal }: TryOptions,
): Promise<Result> {
  const party = await partyOf(partyId);
  try {
    if (party.adapter.drops) return await tryFile(party, name, files, personal);
    const { pulls } = party.offers;
    const puller = pulls.includes(name) ? party.adapter.pull?.[name] : undefined;
    const names = pulls.join(', ');
    if (!puller)
      throw new UsageError(
        `<pull>: ${names ? `got ${JSON.stringify(name)}, expected one of ${names}` : `nothing is pulled from ${partyId}`}`,
      );
    const connection =
      files.length > 0 ? trialConnection(party.connect(), await sampleReplies(files)) : party.connect();
    const pulled = await pullAll(party, puller, connection, all || files.length === 1);
    if ('kind' in pulled) return failed(pulled);
    const { items, more, lacks } = pulled;
    return shown(
      items.map((item) => (personal ? item : masked(item))),
      more,
      lacks,
      puller.members?.(party.settings) ?? new Map(),
    );
  } finally {
    party.close();
  }
}

interface Pulled {
  readonly items: readonly Item[];
  readonly more: boolean;
  readonly lacks: Page['lacks'];
}

/** The first page, or all of them as far as there are replies. */
async function pullAll(
  { settings }: Party,
  puller: Puller<unknown>,
  connection: Connection,
  all: boolean,
): Promise<Pulled | Outcome> {
  const items: Item[] = [];
  let [checkpoint, more, lacks] = [undefined as unknown, true, undefined as Page['lacks']];
  for (let pages = 0; more && (all || pages === 0); pages++) {
    try {
      const page = await puller.next(connection, checkpoint, NOTHING_OUTSTANDING);
      if ('kind' in page) return page;
      for (const { body } of page.bodies) items.push(...puller.read(body, settings, NO_CODES));
      [checkpoint, more, lacks] = [page.checkpoint, page.more, lacks || page.lacks];
    } catch (error) {
      if (error instanceof NoSample && pages > 0) break;
      throw error;
    }
  }
  return { items, more, lacks };
}

/**
 * Reads a file as the hub would, from any folder. Files of the party's place are never touched: a look there would take them.
 */
async function tryFile(party: Party, path: string, replies: readonly string[], personal = false): Promise<Result> {
  if (replies.length > 0) throw new UsageError(`[files…]: ${party.id} takes files, so name the file as <pull>`);
  const drops = party.adapter.drops as NonNullable<Party['adapter']['drops']>;
  const bytes = await readFile(path).catch((error: Error) => {
    throw new UsageError(`<pull>: ${party.id} takes files, expected the path of one: ${error.message}`);
  });
  const name = basename(path);
  const list = drops.listOf(party.settings, name);
  if (list === undefined) throw new UsageError(`<pull>: the settings of ${party.id} take no file by the name ${name}`);
  const { items, places, refused } = await drops.read(party.connect(), { name, bytes }, list);
  if (refused) {
    const text = ['the file is refused:', ...refused.map(({ path: at, message }) => `  ${at} ${message}`)].join('\n');
    return { text, document: { list, refused }, failed: true };
  }
  const puller = party.adapter.pull?.[list];
  const result = shown(
    items.map((item) => (personal ? item : masked(item))),
    false,
    undefined,
    puller?.members?.(party.settings) ?? new Map(),
  );
  const at = items.flatMap(({ kind }, index) => (kind === 'record' ? [] : `${placeText(places[index])}: ${kind}`));
  return { ...result, text: [result.text, ...at].join('\n') };
}

function placeText(place: DropPlace | undefined): string {
  if (!place) return '';
  return place.sheet === '' ? String(place.row) : `${place.sheet}!${place.row}`;
}

/** The request for a dossier of a file. Sends nothing. */
export async function tryPushTo(partyId: string, path: string): Promise<Result> {
  const party = await partyOf(partyId);
  try {
    return await tryPush(party, path);
  } finally {
    party.close();
  }
}

async function partyOf(id: string) {
  const adapters = await loadAdapters();
  const config = loadConfig(process.env, adapters);
  const entry = config.file.parties?.[id];
  const ids = Object.keys(config.file.parties ?? {}).join(', ') || '(no parties)';
  if (!entry) throw new UsageError(`<party>: got ${JSON.stringify(id)}, expected one of ${ids}`);
  return trialParty(id, entry, adapters.get(entry.adapter) as LoadedAdapter);
}

function failed(outcome: object): Result {
  const { kind, reason, message } = outcome as { kind: string; reason?: string; message?: string };
  return { text: `${kind}${reason ? ` (${reason})` : ''}: ${message ?? ''}`, document: { outcome }, failed: true };
}

/** An item without the data of its people, also one that would wait, and without the values that its problems quote. */
function masked(item: Item): Item {
  if (item.kind === 'record') return { ...item, record: maskedIn(item) as never };
  const problems = item.problems.map(keptProblem);
  if (item.kind === 'invalid') return { ...item, problems };
  const { ifAccepted } = item;
  return {
    ...item,
    cause: keptCause(item.cause),
    problems,
    ifAccepted: ifAccepted && (masked(ifAccepted) as RecordItem),
  };
}

function maskedIn({ operation, record }: RecordItem): object {
  const kind = ALL_KINDS.find((one) => one.operation === operation);
  if (kind) return maskRecord(kind, record as unknown as KindRecord);
  if (operation === 'dossier.progress.v1') return maskedProgress(record as Progress);
  const { applicant } = record as Dossier;
  return maskedDossier(record as Dossier, createMentions(applicant ? [applicant] : []));
}

/** A step does not say whose dossier it is, so nobody can find that name in what the officer wrote. */
function maskedProgress(step: Progress): object {
  return { ...maskedStep(step, createMentions([])), content: formOf(step.content) };
}

function shown(
  items: readonly Item[],
  more: boolean,
  lacks: Page['lacks'],
  members: ReadonlyMap<string, string>,
): Result {
  const records = items.filter((item) => item.kind === 'record');
  const invalid = items.filter((item) => item.kind === 'invalid');
  const waiting = new Map<string, number>();
  for (const item of items)
    if (item.kind === 'waiting') waiting.set(item.cause.message, (waiting.get(item.cause.message) ?? 0) + 1);
  const absent = absentMembers(
    members,
    records.map(({ record }) => record),
  );
  const lacking = lacks ? sentenceOf(lacks).message : undefined;
  const text = [
    ...records.map(({ record }) => JSON.stringify(record)),
    ...invalid.map(
      ({ code, problems }) =>
        `invalid ${code ?? ''}: ${problems.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
    ),
    ...[...waiting].map(([message, count]) => `waits (${count}): ${message}`),
    `${records.length} records, ${invalid.length} invalid, ${items.length - records.length - invalid.length} would wait${more ? '; there is more' : ''}`,
    ...(lacking ? [`perhaps incomplete: ${lacking}`] : []),
    ...(absent.length > 0 ? [`no record has: ${absent.join(', ')}`] : []),
  ].join('\n');
  const document = { items, unmapped: Object.fromEntries(waiting), absent, more, lacks: lacking };
  return { text, document, failed: records.length < items.length || lacking !== undefined };
}

/** Members that settings look for and that none of these records has: the source may be misspelt. */
function absentMembers(members: ReadonlyMap<string, string>, records: readonly object[]): readonly string[] {
  if (records.length === 0) return [];
  return [...members]
    .filter(([member]) => records.every((record) => nodesAt(record, member).length === 0))
    .map(([member, source]) => `${member} (${source})`);
}
