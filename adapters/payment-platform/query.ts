import { jsonObject, msToInstant, type Page, type Puller, say, textOf, textOrWordsOf, unavailable } from '#kit';
import type { Payment } from '#schemas/payment.v1';
import { type About, call, described, type Failure, type Platform } from './client.ts';
import { type Asked, askBody, transactionAt } from './messages.ts';
import { type KeptReply, OPEN, readKept, stateIn } from './reports.ts';
import type { Settings } from './settings.ts';

type Answer = Readonly<Record<string, unknown>>;

/** The platform replied, but not to the question. */
const NO_ANSWER = 'no-answer';

/** Asks about one transaction. The question changes nothing, so every failure is `unavailable`. */
export async function ask(
  platform: Platform,
  payment: Asked,
  about: About,
): Promise<{ readonly answer: Answer; readonly kept: KeptReply } | Failure> {
  const { queryUrl = '' } = platform.settings;
  const reply = await call(platform, queryUrl, askBody('QUERY', platform.settings, payment), {
    idempotent: true,
    about,
  });
  if (reply.kind !== 'reply') return unavailable(reply.reason, textOrWordsOf(reply), reply.retryAfterMs);
  const answer = jsonObject(reply.body);
  if (reply.status >= 300 || !answer || textOf(answer.MaLoi) === undefined)
    return unavailable(NO_ANSWER, say('at-payment-query', { why: described(platform.settings, reply, about) }));
  const asked = { reference: payment.code, at: transactionAt(payment) };
  return { answer, kept: { asked, reply: answer } };
}

/** The receipt of a paid transaction as a PDF. Undefined if the platform has none yet. */
async function billOf(platform: Platform, payment: Payment & Asked): Promise<Buffer | Failure | undefined> {
  const { settings } = platform;
  if (settings.billUrl === undefined) return undefined;
  const body = askBody('GET_BILL', settings, payment);
  const reply = await call(platform, settings.billUrl, body, { idempotent: true, about: { payment } });
  if (reply.kind !== 'reply') return unavailable(reply.reason, textOrWordsOf(reply), reply.retryAfterMs);
  return reply.body.subarray(0, 4).toString() === '%PDF' ? reply.body : undefined;
}

/** Open transactions are asked about from this age to that (domain 9.4). Receipts are asked for as long. */
const YOUNGEST_MS = 30 * 60_000;
const OLDEST_MS = 3 * 86_400_000;
const AT_ONCE = 20;
const OPERATION = 'payment.upsert.v1';

/**
 * Asks again about transactions without a last word, and fetches the receipts of paid ones. A transaction that the platform
 * cannot answer for delays no other one: the next run asks about it again.
 */
export const transactions: Puller<Settings> = {
  schedule: '0 */10 * * * *',
  async next(platform, checkpoint, asks): Promise<Page | Failure> {
    const { after } = (checkpoint ?? {}) as { readonly after?: string };
    const since = msToInstant(platform.now() - OLDEST_MS);
    const payments = await asks.receivedRecords(OPERATION, { states: [...OPEN, 'paid'], since }, AT_ONCE, after);
    const answers = await askAll(platform, payments);
    if ('kind' in answers) return answers;
    const { bodies, failures, isAnswered } = answers;
    const more = payments.length === AT_ONCE;
    return {
      bodies,
      checkpoint: more ? { after: payments.at(-1)?.code } : {},
      more,
      asked: { isAnswered, failures },
    };
  },
  read: readKept,
};

/** The news of a page's payments. A failure if the platform gives no reply at all. */
async function askAll(
  platform: Platform,
  payments: readonly (Payment & Asked)[],
): Promise<
  { readonly bodies: Page['bodies']; readonly failures: readonly Failure[]; readonly isAnswered: boolean } | Failure
> {
  const bodies: Page['bodies'][number][] = [];
  const failures: Failure[] = [];
  let isAnswered = false;
  for (const payment of payments) {
    const found = await newsOf(platform, payment);
    if (found === undefined) continue;
    if ('kind' in found) {
      failures.push(found);
      // A call without a reply may take a minute, and the next ones would too.
      if (failures.filter(({ reason }) => reason !== NO_ANSWER).length > 1) return found;
      continue;
    }
    isAnswered = true;
    if (found.news) bodies.push({ body: Buffer.from(JSON.stringify(found.news)), mediaType: 'application/json' });
  }
  return { bodies, failures, isAnswered };
}

/** What the platform says that the hub does not know yet. Undefined if there was nothing to ask. */
async function newsOf(
  platform: Platform,
  payment: Payment & Asked,
): Promise<{ readonly news?: KeptReply | undefined } | Failure | undefined> {
  if (payment.state === 'paid') return payment.receiptUrl === undefined ? receiptOf(platform, payment) : undefined;
  if (platform.now() - Date.parse(payment.stateAt) < YOUNGEST_MS) return undefined;
  const asked = await ask(platform, payment, { payment });
  if ('kind' in asked) return asked;
  const state = stateIn(asked.answer);
  return { news: state === undefined || state === payment.state ? undefined : asked.kept };
}

async function receiptOf(platform: Platform, payment: Payment & Asked) {
  const bill = await billOf(platform, payment);
  if (bill === undefined || 'kind' in bill) return bill;
  return { news: { asked: { reference: payment.code, at: payment.stateAt }, bill: bill.toString('base64') } };
}
