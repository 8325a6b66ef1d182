import { isDeepStrictEqual } from 'node:util';
import { instantToMs, msToInstant } from '#core/dates/dates';
import type { WireRecord } from '../../kit/http/exchange.ts';
import type { Outgoing } from '../../kit/sender.ts';
import type { ListedDelivery, StoredAttempt } from '../../ledger/delivery-list.ts';
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
  /** The number of different replaced values by kind. */
  readonly replaced: ReturnType<Inventor['counts']>;
  /** Facts that are not stored: missing from the case, or only concluded. */
  readonly missing: readonly string[];
}

export interface KeptCase {
  readonly delivery: ListedDelivery;
  /** All of them, oldest first. */
  readonly attempts: readonly StoredAttempt[];
  /** The one to make a case of. */
  readonly attempt: StoredAttempt;
  /** What the delivery carries, as the hub would send it now. */
  readonly outgoing: Outgoing;
  readonly known: boolean;
  readonly settings: SettingsOfCase;
}

/**
 * Makes a wire case of an attempt, with invented values for personal data and secrets.
 * @throws NoCase when the stored call differs from the bytes on the wire
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
  // The adapter decides what its settings name; only their secrets are replaced.
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
  const { operation, record, code, dossier, published, service, agency, field, original, change, id } = outgoing;
  const isImplied = dossier === undefined || (operation === 'dossier.upsert.v1' && isDeepStrictEqual(dossier, record));
  const item = {
    id,
    code: code !== record.code ? code : undefined,
    record,
    dossier: !isImplied ? dossier : undefined,
    published,
    service,
    agency,
    field,
    original,
    change,
    doubt: wasInDoubt(delivery, attempts, attempt) ? true : undefined,
    known: known || undefined,
  };
  const now = msToInstant(instantToMs(attempt.at) - attempt.tookMs);
  return { operation, items: [item], settings: settings.shown, now };
}

/** Concludes from earlier attempts: one that may have arrived leaves a doubt until another settles it. A replay does too. */
function wasInDoubt(
  { replayedAt }: ListedDelivery,
  attempts: readonly StoredAttempt[],
  attempt: StoredAttempt,
): boolean {
  if (replayedAt !== null && instantToMs(replayedAt) <= instantToMs(attempt.at)) return true;
  return attempts
    .slice(0, attempts.indexOf(attempt))
    .reduce((doubt, { outcome }) => outcome === 'unknown' || (doubt && outcome === 'unavailable'), false);
}

/** Leaves out why there was no connection. In a case the server never listens, so the cause would differ. */
function outcomeOf({ delivery, attempts, attempt }: KeptCase, last: WireRecord | undefined): object {
  const { outcome, reason } = attempt;
  const isToldBy = !last || last.status !== undefined || brokenAs(last.reply) !== '!refuse';
  const isLast = attempt === attempts.at(-1);
  return {
    kind: outcome,
    reason: reason !== null && isToldBy ? reason : undefined,
    reference: outcome === 'delivered' && isLast && delivery.reference !== null ? delivery.reference : undefined,
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
          'calls of other attempts: an adapter that already had a session skips its login; add the login call in front of these',
        ]
      : ['nothing went over the wire in this attempt: both .http files are empty']),
    ...(notKept ? [`call ${notKept} carries a password or a session and is not stored: write its bodies by hand`] : []),
    ...(hidden
      ? [`call ${hidden} has ${HIDDEN} where the adapter hides a secret: write the secret of the test's connection`]
      : []),
    ...(broken
      ? [`call ${broken} broke: the hub made it three times if the adapter may repeat it, and stored it once`]
      : []),
    ...(settings.leftOut.length > 0 ? [`settings that cannot be invented: ${settings.leftOut.join(', ')}`] : []),
    `settings, operator code tables and catalogue of ${party} at that time: the case uses today's, without the code tables`,
    'doubt and known: concluded from earlier deliveries; nothing is stored of a process that died in between',
  ];
}
