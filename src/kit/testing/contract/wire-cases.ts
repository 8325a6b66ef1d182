import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addsNothing } from '#core/dossier/apply';
import { type RecordItem, readItem } from '#core/dossier/item';
import { keepingDoubt, type Outcome } from '#core/dossier/settle';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import type { Adapter } from '../../adapter.ts';
import type { Asked } from '../../asker.ts';
import { type FileSource, NO_FILES } from '../../files.ts';
import {
  type FinishedDossiers,
  type HubQueries,
  type MonthFigures,
  NO_FIGURES,
  type Page,
  type Puller,
} from '../../puller.ts';
import type { Outgoing } from '../../sender.ts';
import type { TestConnection } from '../test-connection.ts';
import { sampleAsk } from './ask-guarantees.ts';
import { playCallback } from './callback-cases.ts';
import { playDrop } from './drop-cases.ts';
import { type HttpText, parsed, parseHttpText } from './http-text.ts';
import { playReplies, type Received } from './scripted-server.ts';
import { asSentences } from './sentences.ts';
import type { ContractOptions, Vitest } from './subject.ts';

/** The state of the hub at the start of the case. `{{url}}` in the settings is the partner's address. */
interface Message {
  readonly operation?: Operation;
  readonly items?: readonly (Partial<Outgoing> & Pick<Outgoing, 'record'>)[];
  readonly pull?: string;
  /** A question to a register. The outcome is the whole result. */
  readonly ask?: Partial<Asked> & Pick<Asked, 'question' | 'values'>;
  /** For a callback the request comes from the partner, and the reply is ours. See playCallback. */
  readonly callback?: string;
  readonly checkpoint?: unknown;
  /**
   * Answers to the puller's queries: outstanding dossiers, those that a callback ended, and the steps in their history.
   */
  readonly asks?: {
    readonly outstanding?: readonly Dossier[];
    readonly ended?: FinishedDossiers['dossiers'];
    readonly steps?: readonly Progress[];
    /** Records of the puller's kind: those that the party has received, and those of the hub. */
    readonly records?: readonly { readonly code: string }[];
    /** The counts of any month. */
    readonly figures?: MonthFigures;
  };
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly now?: string;
  /** The stored files by their references, each a PDF with this text. */
  readonly files?: Readonly<Record<string, string>>;
}

const FILES = ['message.json', 'request.http', 'reply.http', 'outcome.json'] as const;

/** Plays every folder of `fixtures/cases` against a server with the answers of that case. */
export function wireCases(options: ContractOptions, { describe, test, expect }: Vitest): void {
  const dir = join(options.folder, 'fixtures', 'cases');
  const names = existsSync(dir) ? readdirSync(dir).sort() : [];
  describe('over the wire', () => {
    test('there are cases', () => expect(names.length).toBeGreaterThan(0));
    for (const name of names) test(name, () => playCase(options, expect, join(dir, name)));
  });
}

/** Plays one case, the four files of a folder. */
export async function playCase(options: ContractOptions, expect: Vitest['expect'], folder: string): Promise<void> {
  if (!existsSync(join(folder, 'request.http'))) return playDrop(options, expect, folder);
  const [message, requests, replies, expected] = FILES.map((file) => readFileSync(join(folder, file), 'utf8')) as [
    string,
    string,
    string,
    string,
  ];
  const { callback } = JSON.parse(message) as Message;
  if (callback !== undefined) return playCallback(options, expect, { message, requests, replies, expected });
  const answers = parseHttpText(replies);
  const server = await playReplies(answers);
  const held = JSON.parse(message.replaceAll('{{url}}', server.url)) as Message;
  const nowMs = Date.parse(held.now ?? '2025-08-13T10:00:00+07:00');
  const connection = options.connect(server.url, {
    now: () => nowMs,
    // Only then does the case wait for it. A busy machine takes longer for calls that are answered.
    totalMs: answers.some(({ start }) => start === '!timeout') ? 700 : undefined,
    settings: held.settings,
    files: filesOf(held.files),
  });
  try {
    const found = await (held.ask ? answered : held.pull ? pulled : sent)(options.adapter, connection, held);
    expect(server.received.map(shown(parseHttpText(requests)))).toEqual(parseHttpText(requests).map(wanted));
    compare(expect, found, JSON.parse(expected));
  } finally {
    connection.close();
    server.close();
  }
}

function filesOf(stored: Message['files'] = {}): FileSource {
  return {
    async open(reference) {
      const text = stored[reference];
      if (text === undefined) return NO_FILES.open(reference);
      const content = Buffer.from(text);
      return {
        bytes: content.length,
        mediaType: 'application/pdf',
        async *read() {
          yield content;
        },
      };
    },
  };
}

/** The outcomes as the hub stores them. */
async function sent(adapter: Adapter, connection: TestConnection, message: Message): Promise<unknown> {
  const operation = message.operation as Operation;
  const items = (message.items ?? []).map((item, at) => outgoingOf(operation, item, at));
  const sender = adapter.send?.[operation] as {
    send(c: TestConnection, i: readonly Outgoing[]): Promise<readonly Outcome[]>;
  };
  const outcomes = await sender.send(connection, items);
  return outcomes.map((outcome, at) => keepingDoubt(items[at] as Outgoing, outcome));
}

function outgoingOf(operation: Operation, item: Partial<Outgoing> & Pick<Outgoing, 'record'>, at: number): Outgoing {
  const read = readItem(operation, item.record);
  if (read.kind !== 'record') throw new Error(`the hub could not hold item ${at}: ${JSON.stringify(read.problems)}`);
  const { record } = read;
  const dossier = operation === 'dossier.upsert.v1' ? { dossier: record as Dossier } : {};
  return {
    id: `lienthong-${at + 1}`,
    code: record.code,
    ...dossier,
    doubt: false,
    known: false,
    ...item,
    operation,
    record,
  };
}

/** Asks with the values of the case. The record of the hub has the rest. */
async function answered(adapter: Adapter, connection: TestConnection, { ask }: Message): Promise<unknown> {
  return adapter.asks?.ask(connection, sampleAsk(ask as NonNullable<Message['ask']>));
}

async function pulled(adapter: Adapter, connection: TestConnection, message: Message): Promise<unknown> {
  const puller = adapter.pull?.[message.pull as string] as Puller<unknown>;
  const page = await pageOf(puller, connection, message.checkpoint, hubQueriesOf(message.asks));
  if ('kind' in page) return page;
  const items = page.bodies.flatMap(({ body }) => puller.read(body, connection.settings, connection.codes));
  return { items, checkpoint: page.checkpoint, more: page.more, complete: page.complete };
}

/** One page as a whole run: where the partner answered no question about single records, the hub fails the run. */
export async function pageOf(
  puller: Puller<unknown>,
  connection: TestConnection,
  checkpoint: unknown,
  asks: HubQueries,
): Promise<Page | Outcome> {
  const page = await puller.next(connection, checkpoint, asks);
  const [why] = 'kind' in page || page.asked?.isAnswered ? [] : (page.asked?.failures ?? []);
  return why ?? page;
}

/** The hub's answers to a puller. */
export function hubQueriesOf({
  outstanding: dossiers = [],
  steps = [],
  ended = [],
  records = [],
  figures = NO_FIGURES,
}: Message['asks'] = {}): HubQueries {
  const isKnown = ({ record, standIns = [] }: RecordItem<'dossier.progress.v1'>): boolean =>
    steps.some((known) => known.code === record.code && addsNothing(record, standIns, known));
  return {
    outstanding: async (limit, after) => dossiers.filter(({ code }) => code > (after ?? '')).slice(0, limit),
    finished: async (after, limit) => {
      const dossiers = ended.slice(after, after + limit);
      return { dossiers, after: after + dossiers.length, more: after + limit < ended.length };
    },
    receivedRecords: async (_, __, limit, after) =>
      records.filter(({ code }) => code > (after ?? '')).slice(0, limit) as never,
    knownRecords: async (_, codes) => new Set(codes.filter((code) => records.some((one) => one.code === code))),
    figures: async () => figures,
    results: async () => [],
    unknownSteps: async (items) => new Set(items.filter((item) => !isKnown(item))),
  };
}

/**
 * Compares a result with the case. Lists must have the same length, objects the members that the case names. Items of a
 * page must be equal.
 */
function compare(expect: Vitest['expect'], found: unknown, expected: { items?: unknown } | unknown[]): void {
  expect(found).toMatchObject(expected);
  if (!Array.isArray(expected) && expected.items !== undefined)
    expect(asSentences((found as { items?: unknown }).items)).toEqual(expected.items);
}

/** A request reduced to what the case names: the listed headers, JSON by value, everything else byte for byte. */
function shown(wantedRequests: readonly HttpText[]): (request: Received, at: number) => unknown {
  return (request, at) => {
    const names = Object.keys(wantedRequests[at]?.headers ?? {});
    const headers = Object.fromEntries(names.map((name) => [name, request.headers[name]]));
    // A .http file has no CRLF.
    return { start: request.start, headers, body: parsed(request.body.replaceAll('\r\n', '\n')) };
  };
}

function wanted(request: HttpText): unknown {
  return { start: request.start, headers: request.headers, body: parsed(request.body) };
}
