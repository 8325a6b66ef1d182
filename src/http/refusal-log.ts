import { hash } from 'node:crypto';
import type { Context } from 'hono';
import { msToInstant } from '#core/dates/dates';
import { keptName } from '#core/masking/kept-problem';
import { storable } from '#core/vietnamese/text';
import type { Refused } from '../pipeline.ts';
import type { AppContext } from './app-context.ts';
import { storedContentType } from './body.ts';
import { networkOf } from './clients.ts';
import { callerOf, type DoorContext, notedOf } from './doors/door.ts';
import { type Refusal, refusalOf } from './problem.ts';

/** The limits for storing refused requests in one hour. */
interface Budget {
  readonly rows: number;
  readonly bodyBytes: number;
  /** Lines of the process log, of about 300 bytes. They name what the message log has no room for. */
  readonly lines: number;
}

/**
 * The budgets of the refusal log.
 *
 * A flood of refusals must not fill the database or hide refusals that matter to a partner. Senders without a
 * key reach 12,000 rows and 24 MiB a day, against 2 to 3 GB without the budget. Housekeeping deletes the rows
 * after two weeks. The lines of all strangers take at most 3 MB an hour.
 */
const KEY: Budget = { rows: 3_600, bodyBytes: 8 * 1024 * 1024, lines: 10_000 };
const ADDRESS: Budget = { rows: 100, bodyBytes: 256 * 1024, lines: 2_000 };
const ALL_ADDRESSES: Budget = { rows: 500, bodyBytes: 1024 * 1024, lines: 10_000 };

/** The stored bytes of a body whose only problem is its sender. */
const WITHOUT_RIGHTS_BYTES = 4 * 1024;
/** The stored bytes of a compressed body of unknown length. */
const UNKNOWN_LENGTH_BYTES = 64 * 1024;
/** The number of address budgets in memory. */
const MOST_SENDERS = 10_000;
const HOUR_MS = 3_600_000;

export type RefusalLogContext = Pick<AppContext, 'parties' | 'pipeline' | 'clients' | 'nowMs' | 'telemetry' | 'vault'>;

type Spent = { -readonly [name in keyof Budget]: number };
type Budgets = readonly (readonly [used: Spent, most: Budget])[];

/**
 * Stores refused requests of the doors in the message log, within the budget of their sender. Each also has a line in the
 * process log, within a larger budget, so that a storm of forged notifications leaves a trace of each.
 */
export function createRefusalLog(hub: RefusalLogContext): DoorContext['noteRefusal'] {
  const { pipeline, clients, nowMs, telemetry } = hub;
  let hour = 0;
  const spent = new Map<string, Spent>();

  function spentOf(name: string): Spent {
    const known = spent.get(name);
    if (known) return known;
    const none = { rows: 0, bodyBytes: 0, lines: 0 };
    if (spent.size < MOST_SENDERS) spent.set(name, none);
    return none;
  }

  function budgetsOf(c: Context): Budgets {
    const { keyName, isKnown, party } = notedOf(c);
    if (!isAnonymous(c)) return [[spentOf(isKnown ? `callback ${party}` : `key ${keyName}`), KEY]];
    const address = spentOf(`address ${networkOf(clients.addressOf(c) ?? '')}`);
    return [
      [address, ADDRESS],
      [spentOf('addresses'), ALL_ADDRESSES],
    ];
  }

  /** The bytes of the body that may be stored. Undefined when the request must not be stored. */
  function allowance(budgets: Budgets, bytes: number): number | undefined {
    if (budgets.some(([used, { rows }]) => used.rows >= rows)) return undefined;
    const left = Math.min(bytes, ...budgets.map(([used, { bodyBytes }]) => bodyBytes - used.bodyBytes));
    for (const [used] of budgets) {
      used.rows++;
      used.bodyBytes += left;
    }
    return left;
  }

  return async (c, error) => {
    const refusal = refusalOf(error);
    if (refusal.kind === 'internal')
      telemetry.failed(`${c.req.method} ${c.req.routePath}`, (error as Error).cause ?? error);
    const door = notedOf(c).door ?? doorOf(c.req.path);
    // While the database is unavailable, the refusal cannot be stored either.
    if (!door || refusal.kind === 'unavailable') return;
    const now = nowMs();
    if (Math.floor(now / HOUR_MS) !== hour) {
      hour = Math.floor(now / HOUR_MS);
      spent.clear();
    }
    const { body } = notedOf(c);
    const budgets = budgetsOf(c);
    const bytes = allowance(budgets, worthKeeping(c, refusal));
    const isWhole = bytes === (body?.length ?? 0);
    const stored = bytes === undefined ? 'none' : isWhole ? 'whole' : 'part';
    telemetry.refused(door, stored);
    logLine(hub, budgets, () => ({ ...traceOf(hub, c, refusal), door, stored }));
    if (bytes === undefined) return;
    const kept = bytes > 0 ? body?.subarray(0, bytes) : undefined;
    await pipeline.refuse({ ...refusedMessage(c, door, refusal, now, kept), ...namesOf(hub, c) });
  };
}

/** One line for each refused request. The last one within the budget says that more follow. */
function logLine({ telemetry: { log } }: RefusalLogContext, budgets: Budgets, lineOf: () => object): void {
  if (budgets.some(([used, { lines }]) => used.lines >= lines)) return;
  for (const [used] of budgets) used.lines++;
  const isLast = budgets.some(([used, { lines }]) => used.lines === lines);
  log.info(lineOf(), isLast ? 'refused; further ones of this hour are only counted' : 'refused');
}

/** The words of a stranger, if they look like a code, and not like the name or the number of a person. */
function codeIn(text: string | undefined): string | undefined {
  return text !== undefined && /^(?=.*[A-Za-z])[\w.-]{1,64}$/.test(text) ? text : undefined;
}

/** Notifications are smaller. A body of 20 MiB would hold the event loop for 40 ms. */
const HASHED_BYTES = 1024 * 1024;

function traceOf({ vault }: RefusalLogContext, c: Context, { status, words, message }: Refusal): object {
  const { party, operation, keyName, body, forged } = notedOf(c);
  return {
    party: codeIn(party),
    operation: codeIn(operation),
    key: keyName,
    status,
    code: words.code,
    why: forged && message,
    reference: codeIn(forged?.reference),
    bodyBytes: body?.length,
    // Keyed, so that nobody without the secret can test a guess of the content. Equal bodies have equal digests.
    bodyDigest: body && vault.blind('refused body', hash('sha256', body.subarray(0, HASHED_BYTES), 'base64url'))[0],
  };
}

function isAnonymous(c: Context): boolean {
  const { keyName, isKnown } = notedOf(c);
  return keyName === undefined && !isKnown;
}

/** At most the bytes that the sender sent: 41 KB of gzip were stored as 19 MB. */
function worthKeeping(c: Context, { kind }: Refusal): number {
  const { body } = notedOf(c);
  if (!body) return 0;
  if (!isAnonymous(c) && kind === 'forbidden') return Math.min(body.length, WITHOUT_RIGHTS_BYTES);
  if (!c.req.header('content-encoding')) return body.length;
  const declared = Number(c.req.header('content-length'));
  return Math.min(body.length, Number.isFinite(declared) ? declared : UNKNOWN_LENGTH_BYTES);
}

function doorOf(path: string): string | undefined {
  // A request for a receipt has nothing to store in the message log. An ask has its own record, without what the register
  // says of a person.
  if (path.startsWith('/api/v1/parties/'))
    return /^\/api\/v1\/parties\/[^/]*\/(?:receipts|ask)\//.test(path) ? undefined : 'rest';
  if (path.startsWith('/soap/v1/')) return 'soap';
  if (path.startsWith('/callbacks/')) return 'callback';
  return path.startsWith('/mapi/') ? 'national-portal' : undefined;
}

/**
 * The party and the operation as they are stored, in clear. A sender may have put anything into the path, such as the name
 * of a person, or characters that the database cannot store.
 */
function namesOf({ parties }: RefusalLogContext, c: Context): Pick<Refused, 'party' | 'operation'> {
  const { party, operation } = notedOf(c);
  const isKnown = party === undefined || party === '' || parties.has(party);
  return {
    party: isKnown ? party : keptName(storable(party)).slice(0, 100),
    operation: operation && keptName(storable(operation)),
  };
}

function refusedMessage(
  c: Context,
  door: string,
  refusal: Refusal,
  now: number,
  kept: Buffer | undefined,
): Omit<Refused, 'party' | 'operation'> {
  const { keyName, body } = notedOf(c);
  const declared = Math.min(Number(c.req.header('content-length') ?? 0) || 0, 2 ** 31 - 1);
  return {
    receivedAt: msToInstant(now),
    door,
    keyName,
    mediaType: storedContentType(c, 100),
    body: kept,
    bodyBytes: body?.length ?? declared,
    ...callerOf(c),
    refused: { status: refusal.status, words: refusal.words },
  };
}
