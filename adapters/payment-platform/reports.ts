import {
  type Item,
  inEnglish,
  jsonObject,
  type Problem,
  parseLocal,
  problem,
  readReport,
  received,
  say,
  textOf,
} from '#kit';
import type { Payment } from '#schemas/payment.v1';
import type { Settings } from './settings.ts';

type Members = Readonly<Record<string, unknown>>;

/** A stored answer of the platform, with the question that it answers. */
export interface KeptReply {
  readonly asked: { readonly reference: string; readonly at: string };
  readonly reply?: Members;
  /** The receipt, a PDF in base64. */
  readonly bill?: string;
}

const OPERATION = 'payment.upsert.v1';

/** The states of a payment that may still be paid. */
export const OPEN: readonly Payment['state'][] = ['requested', 'initiated', 'pending'];

/** `TrangThaiGD`: 1 success, 3 pending, 4 failed (domain 9.4). */
const STATES: Readonly<Record<string, Payment['state']>> = { '1': 'paid', '3': 'pending', '4': 'failed' };

/** The state in the answer to a query. Undefined if it names none. */
export function stateIn(answer: Members): Payment['state'] | undefined {
  const status = textOf(answer.TrangThaiGD) ?? '';
  return textOf(answer.MaLoi) === '00' && Object.hasOwn(STATES, status) ? STATES[status] : undefined;
}

/** Reads a stored answer to INIT: where the citizen pays. */
export function readOpened(body: Uint8Array): readonly Item[] {
  const kept = keptIn(body);
  const payUrl = textOf(kept?.reply?.payUrl);
  if (!kept || payUrl === undefined) return [notAsKept()];
  const { reference: code, at: stateAt } = kept.asked;
  return [readReport(OPERATION, { code, state: 'initiated', stateAt, payUrl })];
}

/** Reads a stored answer to QUERY, or a receipt. */
export function readKept(body: Uint8Array, settings: Settings): readonly Item[] {
  const kept = keptIn(body);
  if (!kept) return [notAsKept()];
  const { reference, at } = kept.asked;
  if (kept.bill !== undefined) return [receiptReport(reference, at)];
  if (!kept.reply) return [notAsKept()];
  const state = stateIn(kept.reply);
  if (state === undefined) return [];
  const stateAt = momentIn(kept.reply) ?? at;
  return [reportOf({ state, stateAt, reference }, kept.reply, settings)];
}

/** The hub serves the receipt at this address. */
function receiptReport(code: string, stateAt: string): Item {
  const receiptUrl = `/api/v1/payments/${code}/receipt`;
  return readReport(OPERATION, { code, state: 'paid', stateAt, receiptUrl });
}

/** The receipt in a stored answer. */
export function receiptIn(body: Uint8Array): { readonly mediaType: string; readonly bytes: Buffer } | undefined {
  const bill = keptIn(body)?.bill;
  return typeof bill === 'string' ? { mediaType: 'application/pdf', bytes: Buffer.from(bill, 'base64') } : undefined;
}

/** Reads a notification: `MaLoi` "00" is a payment, anything else a failed attempt. */
export function readNotification(members: Members, settings: Settings): Item {
  const reference = textOf(members.MaThamChieu);
  const stateAt = momentIn(members);
  if (reference === undefined)
    return { kind: 'invalid', problems: [problem('/MaThamChieu', 'missing', { expected: say('a-text') })] };
  if (stateAt === undefined) {
    const got = received(textOf(members.ThoiGianGD) ?? '');
    return { kind: 'invalid', problems: [problem('/ThoiGianGD', 'unexpected', { got, expected: FORM })] };
  }
  const state = textOf(members.MaLoi) === '00' ? 'paid' : 'failed';
  return reportOf({ state, stateAt, reference }, members, settings);
}

/** How the platform writes a moment. */
const FORM = 'yyyyMMddHHmmss';

interface Reported {
  readonly state: Payment['state'];
  readonly stateAt: string;
  /** The reference of our question, or of the notification itself. */
  readonly reference: string;
}

/** The report, which waits for an operator if it is about another partner, another reference or another currency. */
function reportOf({ state, stateAt, reference }: Reported, members: Members, settings: Settings): Item {
  const amount = Number(textOf(members.SoTien) ?? Number.NaN);
  const isPaid = state === 'paid';
  const said = {
    code: reference,
    state,
    stateAt,
    amountVnd: Number.isSafeInteger(amount) ? amount : undefined,
    paidAt: isPaid ? stateAt : undefined,
    transaction: isPaid ? textOf(members.MaGiaoDich)?.slice(0, 200) : undefined,
  };
  return readReport(OPERATION, said, differences(members, reference, settings));
}

function differences(members: Members, reference: string, { partnerCode }: Settings): readonly Problem[] {
  const [partner, named, currency] = ['MaDoiTac', 'MaThamChieu', 'MaTienTe'].map((name) => textOf(members[name]));
  const isOther = (given: string | undefined, wanted: string): given is string =>
    given !== undefined && given.toUpperCase() !== wanted.toUpperCase();
  return [
    ...(isOther(partner, partnerCode)
      ? [problem('/MaDoiTac', 'partner-differs', { got: received(partner), near: partnerCode })]
      : []),
    ...(isOther(named, reference)
      ? [problem('/MaThamChieu', 'reference-differs', { got: received(named), near: reference })]
      : []),
    ...(isOther(currency, 'VND')
      ? [problem('/MaTienTe', 'unexpected', { got: received(currency), expected: 'VND' })]
      : []),
    ...(Number.isSafeInteger(Number(textOf(members.SoTien)))
      ? []
      : [
          problem('/SoTien', 'unexpected', {
            got: received(textOf(members.SoTien) ?? ''),
            expected: say('whole-dong'),
          }),
        ]),
  ];
}

function momentIn(members: Members): string | undefined {
  const time = parseLocal(FORM, textOf(members.ThoiGianGD) ?? '');
  return 'instant' in time ? time.instant : undefined;
}

function keptIn(body: Uint8Array): KeptReply | undefined {
  const kept = jsonObject(body) as Partial<KeptReply> | undefined;
  const { reference, at } = kept?.asked ?? {};
  return textOf(reference) !== undefined && textOf(at) !== undefined ? (kept as KeptReply) : undefined;
}

function notAsKept(): Item {
  return { kind: 'invalid', problems: [{ path: '', ...inEnglish(say('not-as-kept')) }] };
}
