import type { IncomingMessage } from 'node:http';
import { DAY_MS, msToInstant } from '#core/dates/dates';
import { isUnder } from '#core/identifiers/file-address';
import { quotedText, say, type Words } from '#messages/message';
import type { Database } from '../database/pool.ts';
import { deadline } from '../kit/http/limits.ts';
import { type ClaimedFetch, claimFetch, hasFailedFetch, noteFetched, noteNotFetched } from '../ledger/file-fetches.ts';
import type { Vault } from '../secrets/vault.ts';
import { openCall } from './http-stream.ts';
import type { HubFiles } from './hub-files.ts';
import { NotTaken } from './not-taken.ts';

/** Fetches the files that dossiers name by an address. */
export interface FileFetcher {
  /** Starts what is due, up to a limit. Resolves before the files have come. */
  run(): Promise<void>;
  /** Resolves when no fetch is under way. */
  idle(): Promise<void>;
  /** Breaks off what is under way. It is due again when its lease ends. */
  stop(): void;
}

export interface FetchDeps {
  readonly database: Database;
  readonly vault: Pick<Vault, 'open'>;
  readonly nowMs: () => number;
  readonly files: Pick<HubFiles, 'take'>;
  /** The addresses under which the files of a party may lie. */
  readonly from: ReadonlyMap<string, readonly string[]>;
  readonly retryDelaysMs: readonly number[];
  /** A file of a dossier has failed for good, or several times. */
  readonly onFailed: (party: string, code: string, why: Words) => Promise<void>;
  /** No file of the party is left that has failed lately. */
  readonly onWell: (party: string) => Promise<void>;
  readonly onBug: (error: unknown) => void;
}

const AT_ONCE = 4;
/** A slow host leaves room for the others. */
const AT_ONCE_OF_PARTY = 2;
const LONGEST_MS = 15 * 60_000;
const LEASE_MS = LONGEST_MS + 60_000;
const REDIRECTS = 3;
/** Operators learn of a file that fails this often, before the last try. */
const FAILURES = 3;
/** A dossier that is pushed again fetches its failed files again. After this time nobody waits for one. */
const FAILED_MS = 7 * DAY_MS;
const REDIRECTED = [301, 302, 303, 307, 308];
/** Also a file that its host has not written yet. */
const COMES_LATER = [404, 408, 425, 429];

/** Why a file was not fetched. */
class NotFetched extends Error {
  readonly words: Words;
  readonly isFinal: boolean;
  constructor(words: Words, isFinal: boolean) {
    super(words.code);
    this.words = words;
    this.isFinal = isFinal;
  }
}

export function createFileFetcher(deps: FetchDeps): FileFetcher {
  const { database, nowMs } = deps;
  const leaving = new AbortController();
  const running = new Map<Promise<void>, string>();

  function busyParties(): readonly string[] {
    const parties = [...running.values()];
    return parties.filter((party) => parties.filter((one) => one === party).length >= AT_ONCE_OF_PARTY);
  }

  return {
    async run() {
      while (running.size < AT_ONCE && !leaving.signal.aborted) {
        const until = msToInstant(nowMs() + LEASE_MS);
        const claimed = await claimFetch(database, msToInstant(nowMs()), until, busyParties());
        if (!claimed) return;
        const fetching = fetchOne(deps, claimed, leaving.signal)
          .catch(deps.onBug)
          .finally(() => running.delete(fetching));
        running.set(fetching, claimed.party);
      }
    },
    async idle() {
      while (running.size > 0) await Promise.all(running.keys());
    },
    stop: () => leaving.abort(),
  };
}

async function fetchOne(deps: FetchDeps, claimed: ClaimedFetch, leaving: AbortSignal): Promise<void> {
  const { database, files, from, nowMs, retryDelaysMs } = deps;
  const { party } = claimed;
  const limit = deadline(LONGEST_MS, leaving);
  try {
    const reply = await openFile(deps.vault.open(claimed.url).toString(), from.get(party) ?? [], limit.signal);
    const taken = await files.take(reply, { party }).finally(() => reply.destroy());
    if (taken instanceof NotTaken) throw new NotFetched(taken.words, taken.reason !== 'store');
    await noteFetched(database, claimed, taken.sha256, msToInstant(nowMs()));
  } catch (error) {
    // It is due again when its lease ends.
    if (leaving.aborted) return;
    const delayMs = error instanceof NotFetched && error.isFinal ? undefined : retryDelaysMs[claimed.tries - 1];
    const dueAt = delayMs === undefined ? undefined : msToInstant(nowMs() + delayMs);
    if (!(await noteNotFetched(database, claimed, dueAt))) return;
    const said = limit.signal.aborted ? 'the file took too long' : (error as Error).message;
    const why = error instanceof NotFetched ? error.words : quotedText(said);
    if (dueAt === undefined || claimed.tries >= FAILURES) await deps.onFailed(party, claimed.code, why);
    return;
  } finally {
    limit.lift();
  }
  if (!(await hasFailedFetch(database, party, FAILURES, msToInstant(nowMs() - FAILED_MS)))) await deps.onWell(party);
}

/** The reply with the file, after redirects to other allowed addresses. */
async function openFile(address: string, allowed: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
  let url = address;
  for (let redirects = 0; ; redirects++) {
    if (!isUnder(url, allowed)) throw new NotFetched(say('fetch-elsewhere', { host: hostOf(url) }), true);
    const reply = await openCall({ method: 'GET', url: new URL(url), headers: { Accept: '*/*' }, signal });
    const { statusCode = 0 } = reply;
    if (statusCode === 200) return reply;
    reply.destroy();
    const { location } = reply.headers;
    if (!REDIRECTED.includes(statusCode) || location === undefined || redirects >= REDIRECTS)
      throw new NotFetched(
        say('fetch-status', { host: hostOf(url), status: statusCode }),
        statusCode < 500 && !COMES_LATER.includes(statusCode),
      );
    url = URL.canParse(location, url) ? new URL(location, url).href : location;
  }
}

/** The rest of an address may hold a signature or a name. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '?';
}
