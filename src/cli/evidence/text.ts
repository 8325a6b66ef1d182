import { instantToMs, msToInstant } from '#core/dates/dates';
import type { Evidence, EvidentAttempt, EvidentDelivery, EvidentWait } from '../../ledger/evidence.ts';
import type { Receipt } from '../../ledger/receipts.ts';
import type { Checked, SignedSnapshot } from './check.ts';

/** The content of a signed file for people: who signed it, and what happened when. */
export function textOf(checked: Checked, file: string, keys: string | undefined, body: string | undefined): string {
  const { kid, content } = checked;
  const lines = [
    `${file} is as it was signed: ${whatIs(checked)}`,
    `signed for ${content.iss} at ${msToInstant(content.iat * 1000)} by the key ${kid}`,
    keys === undefined
      ? `that key comes from the file and was NOT compared with a published one: check that ${kid} is a kid in the hub's /.well-known/jwks.json, or give --keys`
      : `that key is one of ${keys}`,
    ...(checked.body ? [bodyLine(checked.body, body as string)] : []),
    '',
    ...linesOf(checked),
  ];
  // The file may contain anything, so remove control characters before a terminal sees them.
  return lines.map((line) => line.replaceAll(/\p{Cc}/gu, '?')).join('\n');
}

function whatIs({ type, content }: Checked): string {
  if (type === 'snapshot') return `the end of a snapshot of ${content.at}`;
  if (type === 'archive') return `the archive of ${content.month}, taken at ${content.takenAt}`;
  return type === 'evidence' ? `evidence of ${content.dossier.code}` : `receipt ${content.receipt}`;
}

function linesOf({ type, content }: Checked): string[] {
  if (type === 'snapshot') return [linesOfSnapshot(content)];
  if (type === 'archive')
    return content.files.map(({ name, rows, sha256 }) => `${name}: ${rows} rows, SHA-256 ${sha256}`);
  return type === 'evidence' ? linesOfEvidence(content) : linesOfReceipt(content);
}

function linesOfSnapshot({ dossiers, services, agencies, fields, bytes, sha256 }: SignedSnapshot): string {
  return `${dossiers} dossiers, ${services} services, ${agencies} agencies and ${fields} fields; before its last line ${bytes} bytes, SHA-256 ${sha256}`;
}

function bodyLine({ sha256, messages }: NonNullable<Checked['body']>, file: string): string {
  const whose = messages.length === 0 ? 'NO message has' : `message ${messages.join(' and ')} has`;
  return `${whose} exactly the bytes of ${file} (SHA-256 ${sha256})`;
}

function linesOfReceipt({ party, door, operation, receivedAt, sha256, bytes, items }: Receipt): string[] {
  return [
    `${receivedAt}  ${party} sent ${operation} by ${door}: ${bytes} bytes, SHA-256 ${sha256}`,
    ...items.map(({ index, code = '(no code)', outcome, problems = [], warnings = [], since }) => {
      const places = [...problems, ...warnings].map(({ path }) => path || 'the whole');
      const become = since ? `; since: ${since.state}${since.at ? ` at ${since.at}` : ''}` : '';
      return `  ${index}  ${code}  ${outcome}${places.length > 0 ? ` (${places.join(', ')})` : ''}${become}`;
    }),
  ];
}

function linesOfEvidence({ dossier, messages, events, deliveries, quarantine, audit }: Evidence): string[] {
  const { aliases, steps, erased } = dossier;
  const happened: Happened[] = [
    ...messages.map((one): Happened => {
      if (!one.isKept) return [one.receivedAt, `message ${one.id} arrived; it is no longer stored`];
      const outcomes =
        one.items.map(({ index, outcome }) => `item ${index} ${outcome}`).join(', ') || 'no item by its code';
      return [
        one.receivedAt,
        `${one.party} sent ${one.operation} by ${one.door}${one.key === null ? '' : ` (key ${one.key})`}: message ${one.id}, ${outcomes}, SHA-256 ${one.sha256}`,
      ];
    }),
    ...events.map(
      ({ recordedAt, seq, status, at, party, messageId, item, movedStatus }): Happened => [
        recordedAt,
        `step ${seq} recorded: ${status} at ${at}, as ${party} says in message ${messageId}, item ${item}${movedStatus ? '' : '; the status stayed as it was'}`,
      ],
    ),
    ...deliveries.flatMap(inDelivery),
    ...quarantine.flatMap(inQuarantine),
  ];
  const known = aliases.map(({ party, code }) => `${code} (${party})`);
  return [
    ...(known.length > 0 ? [`also known as ${known.join(', ')}`] : []),
    ...(steps === null ? ['no record of it was ever applied'] : []),
    ...(erased
      ? [`its personal data was erased at ${erased.at} by ${erased.who} (erasure ${erased.erasure}): ${erased.why}`]
      : []),
    ...(steps !== null && events.length < steps ? [`${events.length} of ${steps} steps are stored`] : []),
    ...happened
      .toSorted(([one], [other]) => instantToMs(one) - instantToMs(other))
      .map(([at, what]) => `${at.padEnd(29)}  ${what}`),
    '',
    'repeats that changed nothing are not listed: each has its own receipt',
    `the audit's newest entry was number ${audit.position}, with the link ${audit.link}`,
  ];
}

type Happened = readonly [at: string, what: string];

function inDelivery({
  id,
  party,
  operation,
  version,
  createdAt,
  state,
  reference,
  attempts,
}: EvidentDelivery): Happened[] {
  const to = `delivery ${id} of ${operation} to ${party}`;
  return [
    [
      createdAt,
      `${to} created of step ${version}; its state now is ${state}${reference === null ? '' : ` (there ${reference})`}`,
    ],
    ...attempts.map((one): Happened => [one.at, `${to}, attempt ${one.number}: ${outcomeOf(one)}`]),
  ];
}

function outcomeOf({ outcome, reason, httpStatus }: EvidentAttempt): string {
  return [outcome, reason, httpStatus === undefined ? undefined : `HTTP ${httpStatus}`].filter(Boolean).join(', ');
}

function inQuarantine({
  openedAt,
  settledAt,
  messageId,
  item,
  deliveryId,
  cause,
  settlement,
  settledBy,
}: EvidentWait): Happened[] {
  const what = deliveryId === null ? `item ${item} of message ${messageId}` : `delivery ${deliveryId}`;
  const by = settledBy === null ? '' : ` by ${settledBy}`;
  return [
    [openedAt, `${what} waits in quarantine (${cause})`],
    ...(settledAt === null ? [] : [[settledAt, `${what} left quarantine: ${settlement}${by}`] as const]),
  ];
}
