import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import type { Words } from '#messages/message';
import type { AppContext } from '../app-context.ts';
import { networkOf } from '../clients.ts';
import type { LookUpLimit } from '../look-up-limit.ts';
import { Refusal } from '../problem.ts';

export type ProofContext = Pick<AppContext, 'clients' | 'telemetry'>;

/** Something that a citizen may mean by a code. */
export interface Provable {
  /** Its own code, by which guesses are counted. */
  readonly code: string;
  /** Whether these are the last digits of a number on it. */
  proves(digits: string): boolean;
}

interface Asked<Found extends Provable> {
  readonly code: string;
  readonly proof: string;
  readonly limit: LookUpLimit;
  /** The handler counted the visit before it read the body. */
  readonly isVisitCounted?: boolean;
  readonly find: () => Promise<readonly Found[]>;
  /** The detail of the refusal. */
  readonly notFound: Words;
}

/** An unknown code and a wrong proof get the same answer after this time, so they look the same. */
const NOT_FOUND_MS = 300;

/**
 * Finds what a citizen without a key means by a code and a proof. Counts the request and, unless the proof is right, a guess.
 *
 * @throws Refusal 404 after 300 ms for an unknown code or a wrong proof, 429 above a limit
 */
export async function findProven<Found extends Provable>(
  c: Context,
  { clients, telemetry }: ProofContext,
  { code, proof, limit, isVisitCounted = false, find, notFound }: Asked<Found>,
): Promise<Found> {
  const answerAt = performance.now() + NOT_FOUND_MS;
  const network = networkOf(clients.addressOf(c) ?? '');
  if (!isVisitCounted) await limit.countVisit(network);
  await limit.countProof(network);
  const candidates = await find();
  // Counted by the found codes, so that another code of the same dossier allows no further guesses.
  const codes = candidates.length > 0 ? candidates.map((one) => one.code) : [code];
  const takeBack = await limit.countGuesses(network, codes);
  const proven = candidates.filter((one) => one.proves(proof));
  // Digits that match two dossiers prove neither.
  const found = proven.length === 1 ? proven[0] : undefined;
  telemetry.lookedUp(found === undefined ? 'not-found' : 'found');
  if (found === undefined) {
    await sleep(answerAt - performance.now());
    throw new Refusal('not-found', notFound);
  }
  await takeBack();
  return found;
}
