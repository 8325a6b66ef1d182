import { say, type Words } from '#messages/message';
import type { LimitKind } from '../ledger/request-limits.ts';
import type { AppContext } from './app-context.ts';
import { tooOften } from './problem.ts';

/** Limits requests and wrong proofs of citizens who look up a dossier. */
export interface LookUpLimit {
  /** Counts a request that guesses nothing. @throws Refusal 429 */
  countVisit(network: string): Promise<void>;
  /** Counts a request that stores something of a citizen: 60 an hour from one client. @throws Refusal 429 */
  countSubmission(network: string): Promise<void>;
  /** Counts a wrong proof of an address, until its guesses are taken back. @throws Refusal 429 */
  countProof(network: string): Promise<void>;
  /**
   * Counts a guess of each code, for the client and for all clients together.
   *
   * A client that proved a dossier before is exempt from the dossier's total, so guesses of others do not lock it
   * out.
   *
   * @returns after a correct proof, takes the guesses back and remembers the client for a month
   * @throws Refusal 429
   */
  countGuesses(network: string, codes: readonly string[]): Promise<() => Promise<void>>;
}

type LookUpTry = Exclude<LimitKind, 'secret' | 'person' | 'ask'>;
const TOO_OFTEN: Readonly<Record<LookUpTry, Words>> = {
  lookup: say('address-too-often'),
  submission: say('submissions-too-often'),
  'wrong-proof': say('proofs-too-often'),
  'client-code': say('proofs-of-dossier-too-often'),
  code: say('dossier-too-often'),
  'code-day': say('dossier-too-often'),
};

export function createLookUpLimit({
  requestLimits,
  telemetry,
}: Pick<AppContext, 'requestLimits' | 'telemetry'>): LookUpLimit {
  async function count(kind: LookUpTry, subject: string): Promise<void> {
    const waitS = await requestLimits.take(kind, subject);
    if (waitS === undefined) return;
    telemetry.lookedUp('too-often');
    throw tooOften(say('wait', { why: TOO_OFTEN[kind], seconds: waitS }), waitS);
  }

  async function countGuess(network: string, code: string): Promise<() => Promise<unknown>> {
    const subject = `${network} proof of ${code}`;
    const [hasProved] = await Promise.all([requestLimits.hasProved(subject), count('client-code', subject)]);
    // In sequence: a guess that the hourly limit refuses does not count for the day.
    const totals = hasProved ? [] : (['code', 'code-day'] as const);
    for (const total of totals) await count(total, code);
    return () =>
      Promise.all([
        requestLimits.refund('client-code', subject),
        ...totals.map((total) => requestLimits.refund(total, code)),
        requestLimits.rememberProof(subject),
      ]);
  }

  return {
    countVisit: (network) => count('lookup', network),
    async countSubmission(network) {
      await count('lookup', network);
      await count('submission', network);
    },
    countProof: (network) => count('wrong-proof', network),
    async countGuesses(network, codes) {
      const takeBacks: (() => Promise<unknown>)[] = [];
      for (const code of codes) takeBacks.push(await countGuess(network, code));
      return async () => {
        await Promise.all([requestLimits.refund('wrong-proof', network), ...takeBacks.map((takeBack) => takeBack())]);
      };
    },
  };
}
