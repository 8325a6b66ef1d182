import { msToInstant } from '#core/dates/dates';
import { windowEndMs } from '#core/dates/windows';
import type { Outcome } from '#core/dossier/settle';
import type { Operation } from '#schemas/operations';
import { planCalls } from '../delivery/plan-calls.ts';
import type { Originals } from '../index/originals.ts';
import type { Comparison, Reconciler } from '../kit/reconciler.ts';
import type { Outgoing } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { isPaused } from '../ledger/party-states.ts';
import {
  deliverAgain,
  type LastDelivered,
  listDelivered,
  loadLastDelivered,
  loadVersions,
  type OwnVersion,
  sampleDelivered,
  saveReconciled,
} from '../ledger/reconciles.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { RECONCILE_DOOR } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import { type Finding, isJudged, judge, VERDICTS, type Verdict } from './judge.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>;

export interface ReconcileDeps {
  readonly codes: Pick<CodeEntries, 'fresh'>;
  readonly originals: Originals;
  readonly pipeline: { accept(submission: Submission): Promise<Accepted> };
  readonly queue: Pick<Queue, 'notify'>;
}

export interface ReconcileOptions {
  /** Number of dossiers, drawn at random; by default all those that the party has taken. */
  readonly sample?: number | undefined;
  /** `ours`: send our version again; `theirs`: store the partner's answer. */
  readonly repair?: 'ours' | 'theirs' | undefined;
  readonly tell?: (at: { readonly done: number; readonly total: number }) => void;
  /** Maximum of listed findings; all are counted. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface ReconcileReport {
  readonly party: string;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Share of the compared ones; null when none could be compared. */
  readonly agreement: number | null;
  readonly repaired: number;
  /** The first dossiers that do not agree. */
  readonly findings: readonly Finding[];
  /** Why it ended early. */
  readonly error?: string | undefined;
}

const PAGE = 100;
const AT_ONCE = 4;
const LIMIT = 100;
/** After this many look-ups without an answer in a row the partner counts as away. */
const AWAY_AFTER = 8;

/**
 * Compares our dossiers and records, the last sent versions and the party's present answers, one by one. Lists differences, and
 * repairs them in the chosen direction. Calls respect the party's rate limit.
 * @throws when the comparison or the repair is not possible now
 */
export async function reconcileParty(
  hub: Hub,
  deps: ReconcileDeps,
  party: Party,
  options: ReconcileOptions = {},
): Promise<ReconcileReport> {
  const reconciler = reconcilerOf(party, options.repair);
  const run = createRun(options.limit ?? LIMIT);
  let done = 0;
  const total = options.sample ?? 0;
  for await (const subjects of subjectsOf(hub, party.id, operationsOf(reconciler), options.sample)) {
    if (await isPaused(hub.database, party.id)) throw new Error(`${party.id} is paused`);
    const untilMs = windowEndMs(party.maintenance, hub.nowMs());
    if (untilMs !== undefined) throw new Error(`${party.id} is in maintenance until ${msToInstant(untilMs)}`);
    await deps.codes.fresh();
    await reconcilePage({ hub, deps, party, reconciler, options, run }, subjects);
    done += subjects.length;
    options.tell?.({ done, total });
    if (run.away >= AWAY_AFTER) run.error = `the party does not answer: ${run.lastWhy}`;
    if (options.signal?.aborted) run.error = 'the comparison was stopped';
    if (run.error !== undefined) break;
  }
  if (run.repairedOurs > 0) await deps.queue.notify([party.id]);
  const judged = run.judged;
  const agreed = run.counts.agrees;
  await saveReconciled(hub.database, { party: party.id, agreed, judged }, run.error, hub.nowMs());
  return {
    party: party.id,
    counts: run.counts,
    agreement: judged > 0 ? agreed / judged : null,
    repaired: run.repairedOurs + run.repairedTheirs,
    findings: run.findings,
    error: run.error,
  };
}

/** Why dossiers are not looked up at a party: no reason of an attempt. */
type NotNow = 'paused' | 'maintenance' | 'no-look-up' | 'not-in-time';

/**
 * Looks these dossiers up at a party and compares, up to a signal. A dossier that the party never took has no finding.
 * Changes nothing, and the agreement of the party stays.
 */
export async function compareThese(
  hub: Hub,
  deps: ReconcileDeps,
  party: Party,
  codes: readonly string[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const not = (subjects: readonly string[], reason: NotNow) =>
    subjects.map((code): Finding => ({ code, verdict: 'not-asked', reason }));
  if (whyNotAsked(party) !== undefined || !party.adapter.reconcile?.compare) return not(codes, 'no-look-up');
  if (await isPaused(hub.database, party.id)) return not(codes, 'paused');
  if (windowEndMs(party.maintenance, hub.nowMs()) !== undefined) return not(codes, 'maintenance');
  await deps.codes.fresh();
  const findings: Finding[] = [];
  const run = { ...createRun(0), note: (finding: Finding): void => void findings.push(finding) };
  const reconciler = { compare: party.adapter.reconcile.compare };
  await reconcilePage({ hub, deps, party, reconciler, options: { signal }, run }, codes);
  const found = new Set(findings.map(({ code }) => code));
  const delivered = await loadLastDelivered(hub.database, party.id, operationsOf(reconciler), codes);
  const left = delivered.map(({ subject }) => subject).filter((code) => !found.has(code));
  return [...findings, ...not(left, 'not-in-time')];
}

/** Why a party cannot be asked for its dossiers; undefined when it can. */
export function whyNotAsked({ id, adapter, settings }: Party): string | undefined {
  if (!adapter.reconcile) return `the adapter of ${id} offers no look-up, so nothing can be compared`;
  const why = adapter.reconcile.unable?.(settings);
  return why === undefined ? undefined : `nothing can be compared with ${id}: ${why}`;
}

function reconcilerOf(party: Party, repair: ReconcileOptions['repair']): Reconciler<unknown> {
  const why = whyNotAsked(party);
  const { reconcile, send } = party.adapter;
  if (!reconcile || why !== undefined) throw new Error(why);
  if (repair === 'theirs' && !reconcile.read)
    throw new Error(`the answers of ${party.id} cannot be stored: its adapter reads no records from them`);
  if (repair === 'ours' && !operationsOf(reconcile).some((operation) => send?.[operation]))
    throw new Error(`the adapter of ${party.id} sends nothing that can be compared`);
  return reconcile;
}

/** The subjects that the hub can look up at the party. */
function operationsOf({ compare, records = [] }: Reconciler<unknown>): readonly Operation[] {
  return compare ? ['dossier.upsert.v1', ...records] : records;
}

async function* subjectsOf(
  { database, nowMs }: Hub,
  party: string,
  operations: readonly Operation[],
  sample: number | undefined,
) {
  if (sample !== undefined) {
    const drawn = await sampleDelivered(database, party, operations, sample, String(nowMs()));
    for (let at = 0; at < drawn.length; at += PAGE) yield drawn.slice(at, at + PAGE);
    return;
  }
  let after = '';
  for (;;) {
    const subjects = await listDelivered(database, party, operations, PAGE, after);
    if (subjects.length === 0) return;
    yield subjects;
    after = subjects.at(-1) as string;
  }
}

interface Run {
  readonly counts: Record<Verdict, number>;
  readonly findings: Finding[];
  judged: number;
  repairedOurs: number;
  repairedTheirs: number;
  /** Look-ups without an answer in a row. */
  away: number;
  lastWhy: string;
  error: string | undefined;
  /** @param outcome of the failed look-up */
  note(finding: Finding, outcome?: Outcome): void;
}

function createRun(limit: number): Run {
  return {
    counts: Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>,
    findings: [],
    judged: 0,
    repairedOurs: 0,
    repairedTheirs: 0,
    away: 0,
    lastWhy: '',
    error: undefined,
    note(finding, outcome) {
      this.counts[finding.verdict]++;
      if (isJudged(finding)) this.judged++;
      // A refusal is about one dossier. Often there was no call, because no table has its code.
      if (outcome?.kind === 'unavailable' || outcome?.kind === 'unknown') {
        this.away++;
        this.lastWhy = finding.why ?? '';
      } else if (finding.verdict !== 'pending' && finding.verdict !== 'not-asked') this.away = 0;
      if (!UNLISTED.includes(finding.verdict) && this.findings.length < limit) this.findings.push(finding);
    },
  };
}

const UNLISTED: readonly Verdict[] = ['agrees', 'pending', 'untold'];

interface Work {
  readonly hub: Hub;
  readonly deps: ReconcileDeps;
  readonly party: Party;
  readonly reconciler: Reconciler<unknown>;
  readonly options: ReconcileOptions;
  readonly run: Run;
}

async function reconcilePage(work: Work, subjects: readonly string[]): Promise<void> {
  const { database } = work.hub;
  const held = await loadVersions(database, subjects);
  const operations = operationsOf(work.reconciler);
  const delivered = await loadLastDelivered(database, work.party.id, operations, subjects);
  const outgoing = await outgoingOf(work, delivered, held);
  const waiting = [...delivered];
  const worker = async (): Promise<void> => {
    const isOver = (): boolean => work.run.away >= AWAY_AFTER || work.options.signal?.aborted === true;
    for (let one = waiting.shift(); one && !isOver(); one = waiting.shift())
      work.run.note(...(await reconcileOne(work, one, held.get(one.subject), outgoing)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

type OutgoingOf = (delivered: LastDelivered, version: 'held' | 'delivered') => Outgoing | undefined;

/** The deliveries for each dossier or record: in our version, and in the last sent one. */
async function outgoingOf(
  { hub, deps, party }: Work,
  delivered: readonly LastDelivered[],
  held: ReadonlyMap<string, OwnVersion>,
): Promise<OutgoingOf> {
  const claimed = delivered.flatMap((one) => {
    const version = held.get(one.subject)?.version ?? one.seq;
    return [claimedOf(party.id, one, -one.deliveryId, version), claimedOf(party.id, one, one.deliveryId, one.seq)];
  });
  const calls = await planCalls(
    hub,
    { originals: deps.originals, entries: undefined, recentCommits: undefined },
    party,
    claimed,
  );
  const byId = new Map(calls.flatMap(({ items }) => items.map((item) => [item.claimed.id, item.outgoing])));
  return (one, version) => byId.get(version === 'held' ? -one.deliveryId : one.deliveryId);
}

async function reconcileOne(
  work: Work,
  delivered: LastDelivered,
  held: OwnVersion | undefined,
  outgoing: OutgoingOf,
): Promise<[Finding, Outcome?]> {
  const { options } = work;
  const code = delivered.subject;
  if (delivered.pending) return [{ code, verdict: 'pending' }];
  const [now, then] = [outgoing(delivered, 'held'), outgoing(delivered, 'delivered')];
  if (!held || !now) return [{ code, verdict: 'not-asked', why: 'it is no longer kept, or cannot be opened' }];
  const withHeld = await compare(work, now);
  const isOlder = delivered.seq < held.version && withHeld.kind === 'found' && withHeld.differences.length > 0;
  const mayBeOlder = isOlder && !work.reconciler.theirsDecides;
  const withDelivered = mayBeOlder && then ? await compare(work, then) : undefined;
  // A second look-up that found no record decides alone. The first one only says that the newest version is not there.
  const decisive = withDelivered && withDelivered.kind !== 'found' ? withDelivered : withHeld;
  const finding = judge(delivered, held.version, decisive, withDelivered);
  if (decisive.kind === 'failed') return [finding, decisive.outcome];
  if (!isJudged(finding) || finding.verdict === 'agrees') return [finding];
  if (await hasChanged(work, delivered, held)) return [{ code, verdict: 'pending' }];
  if (!options.repair) return [finding];
  return [{ ...finding, repair: await repair(work, delivered, held, decisive) }];
}

/**
 * Whether a newer version, or a delivery, arrived since the page was read. The partner may then have the newer version,
 * which would look like a difference.
 */
async function hasChanged(work: Work, before: LastDelivered, held: OwnVersion): Promise<boolean> {
  const { database } = work.hub;
  const { subject } = before;
  const [now] = await loadLastDelivered(database, work.party.id, operationsOf(work.reconciler), [subject]);
  const version = (await loadVersions(database, [subject])).get(subject)?.version;
  return !now || now.pending || now.deliveryId !== before.deliveryId || version !== held.version;
}

async function compare({ party, reconciler }: Work, item: Outgoing): Promise<Comparison> {
  const { compareRecord, records = [] } = reconciler;
  const compared =
    compareRecord && records.includes(item.operation)
      ? compareRecord(party.connect(), item)
      : reconciler.compare?.(party.connect(), item as Outgoing<'dossier.upsert.v1'>);
  if (!compared) throw new Error(`the adapter of ${party.id} compares no ${item.operation}`);
  return compared;
}

async function repair(work: Work, delivered: LastDelivered, held: OwnVersion, comparison: Comparison): Promise<string> {
  const { hub, party, run, options, reconciler } = work;
  if (options.repair === 'ours') {
    if (reconciler.theirsDecides && comparison.kind !== 'absent')
      return 'the partner decides about this record: nothing is sent';
    if (!(await deliverAgain(hub.database, party.id, delivered, held, hub.nowMs())))
      return 'another delivery of it is under way';
    run.repairedOurs++;
    return 'our version is queued';
  }
  const answer = comparison.kind === 'found' ? comparison.answer : undefined;
  if (!answer) return 'the partner has nothing to store';
  const outcomes = await takeIn(work, answer);
  run.repairedTheirs++;
  return `their version was stored: ${outcomes}`;
}

/** Accepts the partner's answer as a message of its own. */
async function takeIn(
  { hub, deps, party, reconciler }: Work,
  answer: { body: Uint8Array; mediaType: string },
): Promise<string> {
  const { body, mediaType } = answer;
  const receivedAt = hub.nowMs();
  const items = reconciler.read?.(body, party.settings, party.codes.at(receivedAt)) ?? [];
  const { results } = await deps.pipeline.accept({
    receivedAt: msToInstant(receivedAt),
    party: party.id,
    door: RECONCILE_DOOR,
    operation: items.find((item) => item.kind === 'record')?.operation ?? 'dossier.upsert.v1',
    keyName: undefined,
    mediaType,
    body,
    bodyBytes: body.length,
    items,
  });
  return results.map(({ outcome }) => outcome).join(', ');
}

/** In the form of a delivery; only its content is used. */
function claimedOf(party: string, delivered: LastDelivered, id: number, seq: number): Claimed {
  const { operation, subject, messageId, createdAt } = delivered;
  return { id, party, operation, subject, seq, messageId, createdAt, token: 0, attempts: 0, doubt: false, sender: '' };
}
