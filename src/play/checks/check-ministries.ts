import { setTimeout as sleep } from 'node:timers/promises';
import { parseInstant } from '#core/dates/dates';
import agriculture from '../../../adapters/rest-ministry/parties/agriculture.json' with { type: 'json' };
import type { AskHub } from '../clients/hub-client.ts';
import { atOnce } from '../clients/reading.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import type { Filed } from '../day/filing.ts';
import { MINISTRIES, type Ministries, type MinistryName, TELLING, TOLD } from '../participants/ministries.ts';
import { type Desk, openDesk, type Step } from '../participants/ministry-desks.ts';
import type { Book } from '../participants/partners.ts';
import type { HistoryEntry } from './check-index.ts';
import { type Finding, finding } from './finding.ts';

/** Where a filed dossier stands, by the ministry's own words. */
export interface Standing extends Step {
  readonly ministry: MinistryName;
  readonly code: string;
  readonly steps: readonly Step[];
}

export interface MinistryCheck {
  readonly findings: readonly Finding[];
  readonly standings: readonly Standing[];
}

const LOOK_MS = 1_000;

/** Hold what the hub pulled against what the ministries say, until it fits or in vain for a while. */
export async function checkMinistries(
  means: {
    readonly ask: AskHub;
    readonly portalKey: string;
    readonly ministries: Ministries;
    readonly signal: AbortSignal;
  },
  filed: readonly Filed[],
  limitMs: number,
): Promise<MinistryCheck> {
  for (const until = performance.now() + limitMs; ; ) {
    const check = await compare(means, filed);
    const isSettled = check.findings.length === 0 && check.standings.every(({ status }) => status === 'resolved');
    if (isSettled || performance.now() > until) return check;
    await sleep(LOOK_MS, undefined, { signal: means.signal });
  }
}

async function compare(
  { ask, portalKey, ministries, signal }: Parameters<typeof checkMinistries>[0],
  filed: readonly Filed[],
): Promise<MinistryCheck> {
  const steps = await untilAcknowledged(
    () => askSteps(ministries, filed, signal),
    signal,
    () => undefined,
  );
  const found = await atOnce(filed, async ({ ministry, code }) => {
    const theirs = steps.get(code) ?? [];
    const last = theirs.at(-1);
    if (!last)
      return { findings: [finding('wrong', `${code}: the ministry itself does not know it`, ministry)], standings: [] };
    const path = `/api/v1/dossiers/${encodeURIComponent(code)}`;
    const held = await ask({ method: 'GET', path, key: portalKey }).catch(() => undefined);
    const history =
      held && (await ask({ method: 'GET', path: `${path}/history`, key: portalKey }).catch(() => undefined));
    const standings = [{ ministry, code, steps: theirs, ...last }];
    // Not there yet, or a hub that was killed and answers for nothing at the moment: it is looked at again.
    if (held?.status !== 200 || history?.status !== 200)
      return { findings: [finding('lost', `${code}: filed with ${ministry}, and not in the index`)], standings };
    const ours = held.body as { readonly status: string; readonly statusAt: string };
    const told = (history.body as { readonly items: readonly HistoryEntry[] }).items.filter(
      ({ actor, party }) => actor !== undefined && party === ministry,
    );
    return { findings: [...standingFaults(code, ours, last), ...stepFaults(code, told, theirs)], standings };
  });
  return {
    findings: found.flatMap(({ findings }) => findings),
    standings: found.flatMap(({ standings }) => standings),
  };
}

function standingFaults(
  code: string,
  ours: { readonly status: string; readonly statusAt: string },
  last: Step,
): readonly Finding[] {
  if (ours.status === last.status && ours.statusAt === last.at) return [];
  return [
    finding(
      'wrong',
      `${code}: the index says ${ours.status} since ${ours.statusAt}, expected ${last.status} since ${last.at}`,
    ),
  ];
}

/** Each step of the ministry's is in the history once, and no other. */
function stepFaults(code: string, told: readonly HistoryEntry[], theirs: readonly Step[]): readonly Finding[] {
  const names = told.map(({ at, status }) => `${status} at ${at}`);
  const lacking = theirs.map(({ at, status }) => `${status} at ${at}`).filter((name) => !names.includes(name));
  return [
    ...lacking.map((name) => finding('lost', `${code}: its history lacks the ministry's step ${name}`)),
    ...(names.length > theirs.length
      ? [finding('invented', `${code}: its history has more steps than the ministry told`)]
      : []),
  ];
}

/** Ask the ministries themselves, without the hub: the steps of each dossier, in order. */
async function askSteps(
  ministries: Ministries,
  filed: readonly Filed[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Step[]>> {
  const opened = await Promise.all(
    MINISTRIES.map(async (name) => [name, await openDesk(ministries[name], signal)] as const),
  );
  const desks = Object.fromEntries(opened) as Record<MinistryName, Desk>;
  const entries = await atOnce(filed, async ({ ministry, code }) => [code, await desks[ministry].steps(code)] as const);
  return new Map(entries);
}

/** The ministry that is told of another's dossiers holds where each stands, and each of its steps once. */
export function checkTold({ entries }: Book, standings: readonly Standing[]): readonly Finding[] {
  const words: Readonly<Record<string, string>> = agriculture.codes['status-sent'];
  const nameOf = (status: string | undefined, at: string | undefined): string =>
    `${status} since ${parseInstant(at ?? '')}`;
  return standings
    .filter(({ ministry }) => ministry === TELLING)
    .flatMap(({ code, status, at, steps }) => {
      const own = entries.filter(({ key }) => key === code);
      const record = own.findLast(({ kind }) => kind === 'dossier')?.content as Sent | undefined;
      if (!record) return [finding('lost', `${code}: the ${TOLD} ministry was not told of it`, TOLD)];
      const [held, expected] = [nameOf(record.status, record.statusAt), nameOf(words[status], at)];
      const told = own
        .filter(({ kind }) => kind === 'progress')
        .map(({ content }) => nameOf((content as Sent).status, (content as Sent).at));
      return [
        ...(held === expected
          ? []
          : [finding('wrong', `${code}: the ${TOLD} ministry holds ${held}, expected ${expected}`, TOLD)]),
        ...steps.flatMap((step) => {
          const name = nameOf(words[step.status], step.at);
          const times = told.filter((one) => one === name).length;
          if (times === 1) return [];
          const kind = times === 0 ? 'lost' : 'duplicated';
          return [finding(kind, `${code}: the ${TOLD} ministry was told the step ${name} ${times} times`, TOLD)];
        }),
      ];
    });
}

/** As it was told. */
interface Sent {
  readonly status?: string;
  readonly statusAt?: string;
  readonly at?: string;
}
