import { isDeepStrictEqual } from 'node:util';
import { instantToMs, msToInstant } from '#core/dates/dates';
import type { WireRecord } from '../../kit/http/exchange.ts';
import type { Outgoing } from '../../kit/sender.ts';
import type { KeptAttempt, ListedDelivery } from '../../ledger/delivery-list.ts';
import { invented, inventedBody, leavesIn } from './case-texts.ts';
import { createInventor, type Inventor } from './invented.ts';
import {
  brokenAs,
  HIDDEN,
  type HttpPart,
  NOT_KEPT,
  replyText,
  requestText,
  requirePlayable,
  withLetters,
} from './kept-calls.ts';
import type { SettingsOfCase } from './settings-of-case.ts';

/** The four files of a wire case, as texts. */
export interface WireCase {
  readonly files: Readonly<Record<string, string>>;
  /** What was replaced by invented values: how many different ones, by kind. */
  readonly replaced: ReturnType<Inventor['counts']>;
  /** What is not kept, and so not in the case or only concluded. */
  readonly missing: readonly string[];
}

export interface KeptCase {
  readonly delivery: ListedDelivery;
  /** All of them, the oldest first. */
  readonly attempts: readonly KeptAttempt[];
  /** Which of them. */
  readonly attempt: KeptAttempt;
  /** What it told, as it would be told now. */
  readonly outgoing: Outgoing;
  readonly known: boolean;
  readonly settings: SettingsOfCase;
}

/**
 * Make a wire case of an attempt, with invented values in the place of personal data and secrets.
 *
 * @throws NoCase where what is kept of a call is not what went over the wire
 */
export function wireCaseOf(kept: KeptCase): WireCase {
  const { delivery, attempt, settings } = kept;
  const calls = (JSON.parse(attempt.wire() ?? '[]') as readonly WireRecord[]).map(withLetters);
  calls.forEach(requirePlayable);
  const message = messageOf(kept);
  const outcome = outcomeOf(kept, calls.at(-1));
  const inventor = createInventor();
  for (const secret of settings.secrets) inventor.learnAs('secret', secret);
  for (const host of settings.hosts) inventor.learnAs('host', host);
  for (const code of codesIn(kept)) inventor.learnAs('dossier code', code);
  // What the settings name is the adapter's business, but for their secrets.
  const { items } = message;
  for (const text of [JSON.stringify(items), ...calls.flatMap(({ request, reply, url }) => [request, reply, url])])
    for (const leaf of leavesIn(text)) inventor.learn(leaf);
  const invent = (value: unknown): string => `${JSON.stringify(invented(value, inventor), undefined, 2)}\n`;
  return {
    files: {
      'message.json': invent(message),
      'request.http': httpFile(calls.filter(({ reply }) => brokenAs(reply) !== '!refuse').map(requestText), inventor),
      'reply.http': httpFile(calls.map(replyText), inventor),
      'outcome.json': invent([outcome]),
    },
    replaced: inventor.counts(),
    missing: missingOf(delivery, calls, settings),
  };
}

function messageOf({ delivery, attempts, attempt, outgoing, known, settings }: KeptCase) {
  const { operation, record, code, dossier, service, agency, original, change, id } = outgoing;
  const isImplied = dossier === undefined || (operation === 'dossier.upsert.v1' && isDeepStrictEqual(dossier, record));
  const item = {
    id,
    ...(code !== record.code && { code }),
    record,
    ...(!isImplied && { dossier }),
    ...(service && { service }),
    ...(agency && { agency }),
    ...(original && { original }),
    ...(change && { change }),
    ...(wasInDoubt(delivery, attempts, attempt) && { doubt: true }),
    ...(known && { known }),
  };
  const now = msToInstant(instantToMs(attempt.at) - attempt.tookMs);
  return { operation, items: [item], settings: settings.shown, now };
}

/** By the attempts before: one that may have arrived leaves a doubt until another has settled it; a replay is one too. */
function wasInDoubt({ replayedAt }: ListedDelivery, attempts: readonly KeptAttempt[], attempt: KeptAttempt): boolean {
  if (replayedAt !== null && instantToMs(replayedAt) <= instantToMs(attempt.at)) return true;
  return attempts
    .slice(0, attempts.indexOf(attempt))
    .reduce((doubt, { outcome }) => outcome === 'unknown' || (doubt && outcome === 'unavailable'), false);
}

/** Why there was no connection is left out: in a case nobody listens, whatever it was. */
function outcomeOf({ delivery, attempts, attempt }: KeptCase, last: WireRecord | undefined): object {
  const { outcome, reason } = attempt;
  const isToldBy = !last || last.status !== undefined || brokenAs(last.reply) !== '!refuse';
  const isLast = attempt === attempts.at(-1);
  return {
    kind: outcome,
    ...(reason !== null && isToldBy && { reason }),
    ...(outcome === 'delivered' && isLast && delivery.reference !== null && { reference: delivery.reference }),
  };
}

function codesIn({ delivery, outgoing }: KeptCase): readonly string[] {
  const { aliases = [], parentCode } = outgoing.dossier ?? {};
  if (!outgoing.operation.startsWith('dossier.')) return [];
  return [delivery.code, outgoing.code, ...aliases.map(({ code }) => code), ...(parentCode ? [parentCode] : [])];
}

function httpFile(parts: readonly HttpPart[], inventor: Inventor): string {
  const shown = parts.map(({ start, body }) => {
    const text = inventedBody(body, inventor);
    return `${inventor.invent(start)}\n${text === '' ? '' : `\n${text}\n`}`;
  });
  return shown.join('###\n');
}

function missingOf(
  { party }: ListedDelivery,
  calls: readonly WireRecord[],
  settings: SettingsOfCase,
): readonly string[] {
  const at = (test: (call: WireRecord) => boolean): string =>
    calls.flatMap((call, place) => (test(call) ? [place + 1] : [])).join(', ');
  const notKept = at(({ request, reply }) => NOT_KEPT.test(request) || NOT_KEPT.test(reply));
  const hidden = at(({ request, reply }) => request.includes(HIDDEN) || reply.includes(HIDDEN));
  const broken = at(({ reply, status }) => status === undefined && brokenAs(reply) === '!reset');
  return [
    ...(calls.length > 0
      ? [
          'headers: request.http compares none, and reply.http has none; add those that the adapter reads (Content-Type, Retry-After)',
          'calls of other attempts: where the adapter logs in first and had a session already, its login stands in front of these',
        ]
      : ['nothing went over the wire in this attempt: both .http files are empty']),
    ...(notKept ? [`call ${notKept} carries a password or a session and is not kept: write its bodies by hand`] : []),
    ...(hidden
      ? [`call ${hidden} has ${HIDDEN} where the adapter hides a secret: write the one of the test's connection`]
      : []),
    ...(broken
      ? [`call ${broken} broke: one that the adapter may repeat was tried three times, and is kept once`]
      : []),
    ...(settings.leftOut.length > 0 ? [`settings that cannot be invented: ${settings.leftOut.join(', ')}`] : []),
    `what ${party} had then of settings, code tables of operators and catalogue: those of now are taken, without the code tables`,
    'doubt and known: concluded from the deliveries before; of a process that died in between nothing is kept',
  ];
}
