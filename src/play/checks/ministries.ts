import { setTimeout as sleep } from 'node:timers/promises';
import { parseInstant } from '#core/dates/dates';
import agriculture from '../../../adapters/rest-ministry/parties/agriculture.json' with { type: 'json' };
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { atOnce } from '../clients/reading.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import type { Filed } from '../day/filing.ts';
import { type Desk, openDesk, type Step } from '../participants/ministry-desks.ts';
import { FILED_AT, type FiledAt, type FiledAtName, SUBSCRIBER } from '../participants/participants.ts';
import { FORWARDED_FROM, FORWARDED_TO } from '../participants/parties.ts';
import { type Change, dossierPath, type Evidence, historyOf, type Standing, type State } from './evidence.ts';
import { codeOf, compare, type Finding, keyOf, type Lines, lastOf, linesOf, only } from './finding.ts';

export interface MinistryCheck {
  readonly findings: readonly Finding[];
  readonly standings: readonly Standing[];
}

export interface Asking {
  readonly ask: AskHub;
  readonly portalKey: string;
  readonly ministries: FiledAt;
  readonly signal: AbortSignal;
}

const LOOK_MS = 1_000;

/** Compares pulled dossiers with the ministries' reports, until they agree or the time is over. */
export async function waitForMinistries(
  asking: Asking,
  filed: readonly Filed[],
  limitMs: number,
): Promise<MinistryCheck> {
  for (const until = performance.now() + limitMs; ; ) {
    const standings = await askStandings(asking, filed);
    const findings = await comparePulled(asking, filed, standings);
    const isSettled = findings.length === 0 && standings.every(({ status }) => status === 'resolved');
    if (isSettled || performance.now() > until) return { findings, standings };
    await sleep(LOOK_MS, undefined, { signal: asking.signal });
  }
}

/** Asks the ministries directly, without the hub. */
async function askStandings({ ministries, signal }: Asking, filed: readonly Filed[]): Promise<readonly Standing[]> {
  const ask = async (): Promise<readonly Standing[]> => {
    const opened = FILED_AT.map(async (name) => [name, await openDesk(ministries[name], signal)] as const);
    const desks = Object.fromEntries(await Promise.all(opened)) as Record<FiledAtName, Desk>;
    const found = await atOnce(filed, async ({ ministry, code }) => {
      const steps = withoutRepeats(await desks[ministry].steps(code));
      return steps.slice(-1).map((last): Standing => ({ ministry, code, steps, ...last }));
    });
    return found.flat();
  };
  return untilAcknowledged(ask, signal);
}

/** A citizen who gets no answer files again, and then the ministry records the same step again. */
function withoutRepeats(steps: readonly Step[]): readonly Step[] {
  return [...new Map(steps.map((step) => [`${step.status} ${step.at}`, step])).values()];
}

/** Each filed dossier has the ministry's status in the index, and each of its steps once in the history. */
async function comparePulled(
  { ask, portalKey }: Asking,
  filed: readonly Filed[],
  standings: readonly Standing[],
): Promise<readonly Finding[]> {
  const held = await atOnce(filed, async ({ ministry, code }) => {
    // A killed hub gives no answer at the moment, so this attempt finds nothing.
    const state = await getJson<State>(ask, dossierPath(code), portalKey).catch(() => undefined);
    const history = await historyOf(ask, portalKey, code).catch(() => []);
    return { code, state, steps: history.filter(({ actor, party }) => actor !== undefined && party === ministry) };
  });
  const unknown = filed.filter(({ code }) => !standings.some((one) => one.code === code));
  const states = held.flatMap(({ code, state }) => (state?.status === undefined ? [] : [{ ...state, code }]));
  return [
    ...unknown.map(
      ({ code, ministry }): Finding => ({ kind: 'wrong', text: `${code}: unknown at ${ministry}`, where: ministry }),
    ),
    ...compare({
      where: 'index',
      holder: 'the index',
      expected: linesOf(standings, codeOf, ({ status, at }) => `${status} since ${at}`),
      found: linesOf(states, codeOf, ({ status, statusAt }) => `${status} since ${statusAt}`),
      by: 'state',
    }),
    ...compare({ where: 'index', holder: 'its history', expected: stepLines(standings), found: stepLines(held) }),
  ];
}

interface WithSteps {
  readonly code: string;
  readonly steps: readonly { readonly at: string; readonly status: string; readonly isState?: true }[];
}

function stepLines(dossiers: readonly WithSteps[]): Lines {
  const steps = dossiers.flatMap(({ code, steps: own }) =>
    own.flatMap(({ at, status, isState }) => (isState ? [] : [{ code, at, status }])),
  );
  return linesOf(steps, codeOf, ({ at, status }) => `${status} at ${at}`);
}

/** The ministry that receives another's dossiers has the status of each, and each step once. */
export function checkForwarded({ books, pulled }: Evidence): readonly Finding[] {
  const book = books.get(FORWARDED_TO);
  if (!book) return [];
  const words: Readonly<Record<string, string>> = agriculture.codes['status-sent'];
  const forwarded = pulled.filter(({ ministry }) => ministry === FORWARDED_FROM);
  const codes = new Set(forwarded.map(({ code }) => code));
  const lineOf = (status: string | undefined, at: string | undefined): string =>
    `${status} since ${parseInstant(at ?? '')}`;
  const sent = ({ content }: LedgerEntry) => content as Readonly<Record<string, string>>;
  const where = { where: FORWARDED_TO, holder: `the ${FORWARDED_TO} ministry` };
  const entriesOf = (kind: string): readonly LedgerEntry[] =>
    book.entries.filter((entry) => entry.kind === kind && codes.has(entry.key));
  return [
    ...compare({
      ...where,
      expected: linesOf(
        forwarded,
        ({ code }) => code,
        ({ status, at }) => lineOf(words[status], at),
      ),
      found: lastOf(linesOf(entriesOf('dossier'), keyOf, (one) => lineOf(sent(one).status, sent(one).statusAt))),
      by: 'state',
    }),
    ...compare({
      ...where,
      expected: linesOf(
        forwarded.flatMap(({ code, steps }) => steps.map((step) => ({ code, step }))),
        ({ code }) => code,
        ({ step }) => lineOf(words[step.status], step.at),
      ),
      found: linesOf(entriesOf('progress'), keyOf, (one) => lineOf(sent(one).status, sent(one).at)),
    }),
  ];
}

/** The subscriber got each feed line about its dossiers once, in order, and nothing else. */
export function checkSubscriber({ books, changes, specials }: Evidence): readonly Finding[] {
  const book = books.get(SUBSCRIBER);
  if (!book) return [];
  const linesIn = (from: readonly Omit<Change, 'cursor'>[]) =>
    linesOf(
      from,
      ({ code }) => code,
      ({ status, statusAt }) => `${status} since ${statusAt}`,
    );
  const asked = new Set(specials.atMinistry);
  return compare({
    where: SUBSCRIBER,
    holder: 'the subscriber',
    expected: only(linesIn(changes), (code) => asked.has(code)),
    found: linesIn(
      book.entries.flatMap(({ content }) => {
        const { type, data } = content as { type: string; data: Change };
        return type === 'dossier.changed' ? [data] : [];
      }),
    ),
    by: 'order',
  });
}
