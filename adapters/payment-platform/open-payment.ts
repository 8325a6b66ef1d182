import {
  delivered,
  jsonObject,
  nothingToSend,
  type Outcome,
  type Outgoing,
  type Reply,
  refused,
  say,
  textOf,
  unavailable,
  unknown,
} from '#kit';
import { type About, call, described, type Failure, type Platform, shown } from './client.ts';
import { type Initiated, initBody, transactionAt } from './messages.ts';
import { ask } from './query.ts';
import { type KeptReply, stateIn } from './reports.ts';
import { accountOf, isPaygov } from './settings.ts';

/** `MaThamChieu` has letters and digits only (domain 7). */
const REFERENCE = /^[A-Za-z0-9]{1,255}$/;

/** Opens a requested payment at the platform, once. Everything later is the platform's own word. */
export async function openPayment(platform: Platform, item: Outgoing<'payment.upsert.v1'>): Promise<Outcome> {
  const { record: payment, known, dossier, agency, doubt } = item;
  if (payment.state !== 'requested') return nothingToSend(say('payment-state-not-sent', { state: payment.state }));
  // A payment in doubt is looked up, also a known one: an operator may have it sent again because the platform lacks it.
  if (known && !doubt) return nothingToSend(say('payment-is-open'));
  if (!REFERENCE.test(payment.code)) return refused('reference', say('payment-reference', { got: payment.code }));
  if (!dossier) return refused('no-dossier', say('payment-without-dossier', { code: payment.dossierCode }));
  const account = accountOf(platform.settings, payment.agencyCode ?? dossier.agencyCode);
  const initiated = { payment, dossier, account, agency };
  return doubt ? lookUpFirst(platform, initiated) : initiate(platform, initiated);
}

/** After a lost answer: a reference that the platform has is not opened again, unless that gives the same address. */
async function lookUpFirst(platform: Platform, initiated: Initiated): Promise<Outcome> {
  const { settings } = platform;
  if (isPaygov(settings)) return initiate(platform, initiated);
  const asked = await ask(platform, initiated.payment, initiated);
  if ('kind' in asked) return asked;
  const state = stateIn(asked.answer);
  if (textOf(asked.answer.MaLoi) !== '00') return initiate(platform, initiated);
  if (state === undefined || state === 'pending') {
    if (settings.repeatsInit) return initiate(platform, initiated);
    return delivered('already-open', say('payment-address-lost'));
  }
  const answer = { name: 'query', body: JSON.stringify(asked.kept satisfies KeptReply) };
  return delivered('already-open', undefined, answer);
}

async function initiate(platform: Platform, initiated: Initiated): Promise<Outcome> {
  const { settings } = platform;
  const reply = await call(platform, settings.initUrl, initBody(settings, initiated), {
    idempotent: false,
    about: initiated,
  });
  if (reply.kind !== 'reply') return reply;
  const { code: reference } = initiated.payment;
  const verdict = isPaygov(settings) ? paygovVerdict(reply) : verdictOf(reply);
  // A gateway can report its own failure in the platform's form, after the platform opened the payment.
  const isOfGateway = verdict.kind === 'refused' && reply.status >= 500;
  if (verdict.kind === 'none' || isOfGateway) return withoutVerdict(platform, reply, initiated);
  if (verdict.kind === 'refused') {
    const said = shown(settings, verdict.text, initiated);
    return refused(`code-${verdict.code}`.slice(0, 60), say('payment-refused', { code: verdict.code, said }));
  }
  const kept: KeptReply = {
    asked: { reference, at: transactionAt(initiated.payment) },
    reply: { payUrl: verdict.payUrl },
  };
  return delivered(undefined, undefined, { name: 'init', body: JSON.stringify(kept) });
}

type Verdict =
  | { readonly kind: 'opened'; readonly payUrl: string }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  | { readonly kind: 'none' };

/** `error_code` "0" and a `message` that is a JSON text with `UrlThanhToan`. */
function verdictOf({ body }: Reply): Verdict {
  const answer = jsonObject(body);
  const code = textOf(answer?.error_code);
  const text = typeof answer?.message === 'string' ? answer.message : '';
  if (code === undefined) return { kind: 'none' };
  if (code !== '0' && code !== '00') return { kind: 'refused', code, text };
  return opened(textOf(jsonObject(Buffer.from(text))?.UrlThanhToan));
}

function paygovVerdict({ body }: Reply): Verdict {
  const answer = jsonObject(body);
  const data = answer?.data as { url?: unknown } | undefined;
  const url = typeof data === 'object' && data !== null ? textOf(data.url) : undefined;
  const code = textOf(answer?.error_code);
  if (url === undefined && code !== undefined && code !== 'SUCCESSFUL')
    return { kind: 'refused', code, text: textOf(answer?.error_message) ?? '' };
  return opened(url);
}

function opened(payUrl: string | undefined): Verdict {
  return payUrl !== undefined && /^https?:\/\//.test(payUrl) ? { kind: 'opened', payUrl } : { kind: 'none' };
}

/** An answer without the platform's verdict: a gateway's refusal has had no effect, anything else may have. */
function withoutVerdict({ settings }: Platform, reply: Reply, about: About): Outcome | Failure {
  const why = described(settings, reply, about);
  if (reply.status >= 300 && reply.status < 500) return unavailable(`status-${reply.status}`, why);
  return unknown(reply.status >= 500 ? `status-${reply.status}` : 'no-verdict', why);
}
