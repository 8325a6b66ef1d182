import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { Dossier } from '#schemas/dossier.upsert.v1';
import { closed } from '#schemas/parts';
import type { TryKind } from '../ledger/tries.ts';
import type { AppContext } from './app-context.ts';
import { networkOf } from './clients.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

export type LookUpContext = Pick<AppContext, 'lookUp' | 'tries' | 'clients' | 'telemetry'>;

const Query = closed({
  // Nothing that is given here is quoted: somebody may give more digits than are asked for.
  proof: Type.String({
    pattern: '^[0-9]{4}$',
    writeOnly: true,
    description: 'the last four digits of the phone or identity number on the dossier',
  }),
});

/** What a citizen is told of a dossier. */
const MEMBERS = [
  ...['code', 'serviceCode', 'serviceName', 'fieldName', 'agencyCode', 'agencyName', 'processingUnit'],
  ...['status', 'statusAt', 'submittedAt', 'receivedAt', 'dueAt', 'finishedAt', 'returnedAt', 'refusedAt'],
] as const;

const PublicDossier = Type.Object(
  {
    ...Object.fromEntries(
      Object.entries(Dossier.properties).filter(([name]) => (MEMBERS as readonly string[]).includes(name)),
    ),
    applicant: Type.Optional(closed({ name: Type.String({ description: 'masked' }) })),
  },
  { additionalProperties: false, title: 'PublicDossier', description: 'A dossier as a citizen without a key sees it' },
);

/** Whether there is no such dossier, or the proof is wrong: after the same time nobody can tell. */
const ALIKE_MS = 300;
type LookUpTry = Exclude<TryKind, 'secret'>;
const TOO_OFTEN: Readonly<Record<LookUpTry, string>> = {
  asking: 'this address asks too often',
  guessing: 'from this address wrong proofs came too often',
  'client-code': 'from this address wrong proofs of this dossier came too often',
  code: 'this dossier was asked for with wrong proofs too often',
  'code-day': 'this dossier was asked for with wrong proofs too often',
};
const NOT_FOUND = 'there is no dossier with this code and this proof';

/** A citizen asks how far a dossier is: without a key, with a proof of having to do with it. */
export function addLookUp(add: AddRoute, { lookUp, tries, clients, telemetry }: LookUpContext): void {
  const readQuery = queryReader(Query);

  async function count(kind: LookUpTry, subject: string): Promise<void> {
    const waitS = await tries.take(kind, subject);
    if (waitS === undefined) return;
    telemetry.lookedUp('too-often');
    throw new Refusal('too-often', `${TOO_OFTEN[kind]}; wait ${waitS} s`, {
      headers: { 'Retry-After': String(waitS) },
    });
  }

  /**
   * Counts a guess of a code, for the client and for all clients. A client that proved the dossier before is exempt from the
   * total: guesses of others do not lock it out.
   *
   * @returns takes the guess back and remembers the client for a month, for a proof that was right
   */
  async function countGuess(network: string, code: string): Promise<() => Promise<unknown>> {
    const subject = `${network} proof of ${code}`;
    const [hasProved] = await Promise.all([tries.hasProved(subject), count('client-code', subject)]);
    // One after the other: what the hour refuses does not count for the day.
    const totals = hasProved ? [] : (['code', 'code-day'] as const);
    for (const total of totals) await count(total, code);
    return () =>
      Promise.all([
        tries.giveBack('client-code', subject),
        ...totals.map((total) => tries.giveBack(total, code)),
        tries.prove(subject),
      ]);
  }

  add(
    {
      method: 'get',
      path: '/api/public/dossiers/{code}',
      tag: 'Citizens',
      summary: 'How far a dossier is, for whoever knows its code and a proof',
      description:
        'Without a key. A code that there is not and a proof that is wrong are answered alike, and after the same time. ' +
        'One client (an IPv4 address, or an IPv6 network of 56 bits) may send 60 requests a minute and 60 wrong proofs an hour. ' +
        'Of one dossier it may send 10 wrong proofs an hour. All clients together may send 100 an hour and 300 a day of one dossier; a client that proved the dossier within a month is exempt from that total. ' +
        'All codes and spellings of a dossier share these limits, and so do those of an unknown code.',
      query: Query,
      problems: ['bad-request', 'too-often', 'unavailable'],
      replies: {
        200: { description: 'The dossier, the name of its applicant masked', schema: PublicDossier },
        404: { description: 'No such dossier, or not with this proof' },
      },
    },
    async (c) => {
      const answerAt = performance.now() + ALIKE_MS;
      const { proof } = readQuery(c);
      const code = cleanCode(c.req.param('code') ?? '');
      const network = networkOf(clients.addressOf(c) ?? '');
      await count('asking', network);
      // A guess, until it is found to be none.
      await count('guessing', network);
      const candidates = await lookUp(code);
      // By what is found: another of its codes gives nobody new tries.
      const codes = candidates.length > 0 ? candidates.map((one) => one.code) : [code];
      const guesses = [];
      for (const one of codes) guesses.push(await countGuess(network, one));
      const proven = candidates.filter((one) => one.proves(proof));
      // Of two that these digits prove neither is the one.
      const found = proven.length === 1 ? proven[0]?.masked : undefined;
      telemetry.lookedUp(found === undefined ? 'not-found' : 'found');
      if (found === undefined) {
        await sleep(answerAt - performance.now());
        throw new Refusal('not-found', NOT_FOUND);
      }
      await Promise.all([tries.giveBack('guessing', network), ...guesses.map((takeBack) => takeBack())]);
      return c.json(shownOf(JSON.parse(found)), 200, { 'Cache-Control': 'no-store' });
    },
  );
}

/** @param masked the dossier as readers without index:personal see it */
function shownOf(masked: Readonly<Record<string, unknown>>): object {
  const { name } = (masked.applicant ?? {}) as { name?: string };
  return {
    ...Object.fromEntries(MEMBERS.filter((member) => member in masked).map((member) => [member, masked[member]])),
    ...(name !== undefined && { applicant: { name } }),
  };
}
