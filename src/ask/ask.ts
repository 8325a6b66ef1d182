import { Compile } from 'typebox/compile';
import { msToInstant } from '#core/dates/dates';
import type { Outcome } from '#core/dossier/settle';
import { explain, pointer } from '#core/explain';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Problem } from '#core/problem';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import { inTransaction } from '../database/transaction.ts';
import { createUuids } from '../database/uuid.ts';
import { dossierNamed, loadIndexed } from '../index/load-indexed.ts';
import type { Answered, Asked, AskedQuestion } from '../kit/asker.ts';
import { beginAsk, endAsk } from '../ledger/asks.ts';
import { writeAudit } from '../ledger/audit.ts';
import { isPaused } from '../ledger/party-states.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { AskOrder } from './order.ts';
import { quotedIn } from './quoted.ts';

export type AskResult =
  | { readonly kind: 'no-party' }
  | { readonly kind: 'no-question' }
  /** Nothing was asked or recorded. An attempt counts and is audited if the dossier gave a value, because it tests that value. */
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly isCounted: boolean }
  | {
      readonly kind: 'asked';
      readonly id: string;
      readonly at: string;
      readonly tookMs: number;
      readonly answered: Answered;
    };

export interface AskDeps {
  readonly parties: ReadonlyMap<string, Party>;
  /** Makes a call through the party's breaker. Undefined: the party is not called now. */
  readonly beside: <M extends { readonly outcome: Outcome }>(
    party: string,
    call: () => Promise<M>,
  ) => Promise<M | undefined>;
}

/** How long a caller waits, unless the question says otherwise. */
const WITHIN_MS = 20_000;
/** Questions to one party at once in one process. A slow register must not take the memory of the hub. */
const MOST_AT_ONCE = 50;
const AWAY_MS = 10_000;

/**
 * Asks one register one question, once. The ask is recorded before the call and its outcome after it. The answer goes to the caller
 * alone: it is personal data, and the hub stores neither it nor the values.
 */
export function createAsk(hub: HubContext, deps: AskDeps): (order: AskOrder) => Promise<AskResult> {
  const { database, nowMs, telemetry } = hub;
  const uuids = createUuids(nowMs);
  const questions = new Map([...deps.parties].map(([id, party]) => [id, questionsOf(party)]));
  const problemsOf = createCheck();
  const call = createCalls(hub, deps);

  return async (given) => {
    const party = deps.parties.get(given.party);
    if (!party) return { kind: 'no-party' };
    const known = questions.get(party.id) ?? {};
    const question = Object.hasOwn(known, given.question) ? known[given.question] : undefined;
    if (!question) return { kind: 'no-question' };
    const { order, taken } = await withDossier(hub, question, given);
    const problems = problemsOf(question, order, taken);
    const [id, at] = [uuids.next(), msToInstant(nowMs())];
    if (problems.length > 0) {
      const isCounted = taken.length > 0;
      if (isCounted) await auditInvalid(hub, id, order, problems);
      return { kind: 'invalid', problems, isCounted };
    }
    await begin(hub, id, at, order);
    const startedMs = performance.now();
    const answered = await call(party, { ...order, id }, question.withinMs ?? WITHIN_MS);
    const tookMs = Math.round(performance.now() - startedMs);
    const ended = { outcome: answered.kind, reason: 'reason' in answered ? answered.reason : undefined, tookMs };
    telemetry.asked({ ask: id, party: party.id, question: order.question, ...ended });
    // Without a recorded outcome there is no answer.
    await endAsk(database, id, ended);
    return { kind: 'asked', id, at, tookMs, answered };
  };
}

/** Records and audits an ask before its call, so that no call is without a record. */
async function begin({ database, nowMs }: HubContext, id: string, at: string, order: AskOrder): Promise<void> {
  const { dossierCode = null, serviceCode = null } = order;
  await inTransaction(database, async (tx) => {
    await beginAsk(tx, { ...order, id, at, dossierCode, serviceCode });
    await writeAudit(tx, { ...entryOf(id, order), why: reasonOf(order) }, nowMs());
  });
}

/** Without the reason if that names the person. */
async function auditInvalid(
  { database, nowMs }: HubContext,
  id: string,
  order: AskOrder,
  problems: readonly Problem[],
): Promise<void> {
  const isNamed = problems.some(({ code }) => code === 'names-a-person');
  const why = isNamed ? undefined : reasonOf(order);
  await writeAudit(database.pool, { ...entryOf(id, order, 'invalid'), why }, nowMs());
}

function entryOf(id: string, { keyName, party, question, dossierCode, serviceCode }: AskOrder, ...more: string[]) {
  const about = [party, question, dossierCode ?? serviceCode ?? '', ...more].join(' ').trim();
  return { actor: keyName, action: 'register.ask', subject: auditSubject('ask', id, about) };
}

const reasonOf = ({ purpose, legalBasis }: AskOrder): string => `${purpose} (${legalBasis})`;

type Check = (question: AskedQuestion, order: AskOrder, taken: readonly string[]) => readonly Problem[];

/** The problems of an order: values that its question does not take, and a record that would name the person. */
function createCheck(): Check {
  const checks = new Map<AskedQuestion, ReturnType<typeof Compile>>();
  return (question, order, taken) => {
    const check = checks.get(question) ?? Compile(question.values);
    checks.set(question, check);
    const hidden = new Set(taken.map((name) => `/${pointer(name)}`));
    const manner = { naming: true, hidden };
    const wrong = check.Check(order.values) ? [] : explain(question.values, check, order.values, [], manner);
    return [...wrong.map((one) => ({ ...one, path: `/values${one.path}` })), ...quotedIn(order)];
  };
}

/** Calls a party, unless it is paused, away or has too many questions under way. */
function createCalls(hub: HubContext, { beside }: AskDeps) {
  const underWay = new Map<string, number>();
  return async (party: Party, asked: Asked, withinMs: number): Promise<Answered> => {
    const { id } = party;
    if (await isPaused(hub.database, id)) return unavailable('paused', say('party-paused', { party: id }));
    const count = underWay.get(id) ?? 0;
    if (count >= MOST_AT_ONCE) return unavailable('too-many', say('asks-at-once', { party: id, count }), 1_000);
    underWay.set(id, count + 1);
    try {
      const made = await beside(id, async () => {
        const answered = await askWithin(hub, party, asked, withinMs);
        return { answered, outcome: outcomeOf(answered) };
      });
      return made?.answered ?? unavailable('away', say('party-not-called', { party: id }), AWAY_MS);
    } finally {
      underWay.set(id, (underWay.get(id) ?? 1) - 1);
    }
  };
}

function questionsOf({ adapter, settings }: Pick<Party, 'adapter' | 'settings'>) {
  return adapter.asks?.questions(settings) ?? {};
}

type Members = Readonly<Record<string, unknown>>;

interface Filled {
  readonly order: AskOrder;
  /** The values that the dossier gave. */
  readonly taken: readonly string[];
}

/** Fills the values that the caller leaves out and that the question takes from the dossier. */
async function withDossier(
  { database, vault }: Pick<HubContext, 'database' | 'vault'>,
  { fromDossier }: AskedQuestion,
  order: AskOrder,
): Promise<Filled> {
  const unfilled = { order, taken: [] };
  const missing = Object.entries(fromDossier).filter(([name]) => order.values[name] === undefined);
  if (missing.length === 0 || order.dossierCode === undefined) return unfilled;
  const found = dossierNamed(await loadIndexed(database.pool, vault, [order.dossierCode]));
  if (!found) return unfilled;
  const { record } = found.held.view;
  const filled = missing.flatMap(([name, path]) => {
    const value = path.split('.').reduce<unknown>((node, member) => (node as Members | undefined)?.[member], record);
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const values = { ...order.values, ...Object.fromEntries(filled) };
  return { order: { ...order, values }, taken: filled.map(([name]) => name) };
}

/** Ends the wait of the caller, and the call, after a time. The register may have counted the question. */
async function askWithin({ telemetry }: HubContext, party: Party, asked: Asked, withinMs: number): Promise<Answered> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answered>((resolve) => {
    timer = setTimeout(() => {
      resolve({
        kind: 'unknown',
        reason: 'timeout',
        ...sentenceOf(say('no-answer-within', { count: withinMs / 1_000 })),
      });
      ending.abort();
    }, withinMs);
  });
  try {
    const answer = party.adapter.asks?.ask(party.connectUntil(ending.signal), asked) ?? late;
    return await Promise.race([answer, late]);
  } catch (error) {
    telemetry.failed(`adapter of ${party.id}`, error);
    return { kind: 'unknown', reason: 'error', ...sentenceOf(say('error-in-log')) };
  } finally {
    clearTimeout(timer);
  }
}

/** Any answer proves that the party is up. */
function outcomeOf(answered: Answered): Outcome {
  return 'reason' in answered ? answered : { kind: 'delivered' };
}

function unavailable(reason: string, words: Parameters<typeof sentenceOf>[0], retryAfterMs?: number): Answered {
  return { kind: 'unavailable', reason, ...sentenceOf(words), retryAfterMs };
}
