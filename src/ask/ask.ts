import { Compile } from 'typebox/compile';
import { msToInstant } from '#core/dates/dates';
import type { Outcome } from '#core/dossier/settle';
import { explain } from '#core/explain';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Problem } from '#core/problem';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import { inTransaction } from '../database/transaction.ts';
import { createUuids } from '../database/uuid.ts';
import { dossierNamed, loadHeld } from '../index/load-held.ts';
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
  /** Nothing was asked or recorded. */
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
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
    const order = await withDossier(hub, question, given);
    const problems = problemsOf(question, order);
    if (problems.length > 0) return { kind: 'invalid', problems };
    const [id, at] = [uuids.next(), msToInstant(nowMs())];
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
  const { party, question, keyName, purpose, legalBasis, dossierCode = null, serviceCode = null } = order;
  const about = [party, question, dossierCode ?? serviceCode ?? ''].join(' ').trim();
  await inTransaction(database, async (tx) => {
    await beginAsk(tx, { ...order, id, at, dossierCode, serviceCode });
    const entry = { actor: keyName, action: 'register.ask', subject: auditSubject('ask', id, about) };
    await writeAudit(tx, { ...entry, why: `${purpose} (${legalBasis})` }, nowMs());
  });
}

/** The problems of an order: values that its question does not take, and a record that would name the person. */
function createCheck(): (question: AskedQuestion, order: AskOrder) => readonly Problem[] {
  const checks = new Map<AskedQuestion, ReturnType<typeof Compile>>();
  return (question, order) => {
    const check = checks.get(question) ?? Compile(question.values);
    checks.set(question, check);
    const wrong = check.Check(order.values) ? [] : explain(question.values, check, order.values, [], { naming: true });
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

/** Fills the values that the caller leaves out and that the question takes from the dossier. */
async function withDossier(
  { database, vault }: Pick<HubContext, 'database' | 'vault'>,
  { fromDossier }: AskedQuestion,
  order: AskOrder,
): Promise<AskOrder> {
  const missing = Object.entries(fromDossier).filter(([name]) => order.values[name] === undefined);
  if (missing.length === 0 || order.dossierCode === undefined) return order;
  const found = dossierNamed(await loadHeld(database.pool, vault, [order.dossierCode]));
  if (!found) return order;
  const { record } = found.held.view;
  const filled = missing.flatMap(([name, path]) => {
    const value = path.split('.').reduce<unknown>((node, member) => (node as Members | undefined)?.[member], record);
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return { ...order, values: { ...order.values, ...Object.fromEntries(filled) } };
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
