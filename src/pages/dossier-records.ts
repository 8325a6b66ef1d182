import { html } from 'hono/html';
import type { Bilingual } from '#messages/message';
import type { Payment } from '#schemas/payment.v1';
import type { PostalOrder } from '#schemas/postal-order.v1';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import type { Tone } from './parts/parts.ts';
import { receiptPage } from './receipt.ts';
import { moment, money, vietnamese } from './words.ts';

type Named = readonly [vi: string, en: string, tone: Tone];

const PAYMENT: Readonly<Record<Payment['state'], Named>> = {
  requested: ['Chờ thanh toán', 'To be paid', 'warn'],
  initiated: ['Đã khởi tạo, chờ thanh toán', 'Started, to be paid', 'warn'],
  pending: ['Đang chờ xác nhận', 'Waiting for confirmation', 'warn'],
  paid: ['Đã thanh toán', 'Paid', 'good'],
  failed: ['Thanh toán không thành công', 'Payment failed', 'bad'],
  cancelled: ['Đã hủy', 'Cancelled', 'plain'],
  refunded: ['Đã hoàn tiền', 'Refunded', 'plain'],
};

const POST: Readonly<Record<PostalOrder['state'], Named>> = {
  registered: ['Đã đăng ký', 'Registered', 'plain'],
  collecting: ['Bưu điện đang đến nhận', 'The post is collecting it', 'plain'],
  'handed-over': ['Đã bàn giao cho bưu điện', 'Handed over to the post', 'plain'],
  delivered: ['Đã phát', 'Delivered', 'good'],
  cancelled: ['Đã hủy', 'Cancelled', 'plain'],
  failed: ['Phát không thành công', 'Delivery failed', 'bad'],
};

const DIRECTION: Readonly<Record<PostalOrder['direction'], Bilingual>> = {
  'pick-up': ['Bưu điện đến lấy hồ sơ', 'Papers from you to the agency'],
  return: ['Trả kết quả tới người nộp', 'Result from the agency to you'],
};

const OPEN: readonly Payment['state'][] = ['requested', 'initiated'];

/** The payments of a dossier. @param ownHost the host name of this page, whose addresses may lack https */
export function paymentsView(say: Say, payments: readonly Payment[], ownHost: string): Html | string {
  if (payments.length === 0) return '';
  return html`<section class="card"><h2>${say('Thanh toán', 'Payments')}</h2>
${payments.map((one) => paymentView(say, one, ownHost))}</section>`;
}

function paymentView(say: Say, payment: Payment, ownHost: string): Html {
  const { code, state, stateAt, amountVnd, items = [], paidAt, payUrl, receiptUrl } = payment;
  const [vi, en, tone] = PAYMENT[state];
  const pay = OPEN.includes(state) ? safeAddress(payUrl, ownHost) : undefined;
  const receipt = receiptPage(receiptUrl) ?? safeAddress(receiptUrl, ownHost);
  return html`<div class="record"><p><strong>${money(say, amountVnd)}</strong> – <strong class="${tone}">${say(vi, en)}</strong></p>
<p class="note">${say('Mã thanh toán', 'Payment')} ${code} · ${moment(state === 'paid' ? (paidAt ?? stateAt) : stateAt)}</p>
${items.length > 0 && html`<ul>${items.map(({ name, code: item, amountVnd: part }) => html`<li>${vietnamese(name ?? item ?? say('Khoản thu', 'Fee'))}: ${money(say, part)}</li>`)}</ul>`}
${pay && html`<p><a class="button" href="${pay}">${say('Thanh toán', 'Pay')}</a></p>`}
${receipt && html`<p><a href="${receipt}">${say('Xem biên lai', 'See the receipt')}</a></p>`}</div>`;
}

/** The postal orders of a dossier with their steps, newest first. */
export function postView(say: Say, orders: readonly PostalOrder[]): Html | string {
  if (orders.length === 0) return '';
  return html`<section class="card"><h2>${say('Bưu chính', 'Post')}</h2>
${orders.map((one) => orderView(say, one))}</section>`;
}

function orderView(say: Say, { direction, waybill, state, stateAt, codAmountVnd, steps = [] }: PostalOrder): Html {
  const [vi, en, tone] = POST[state];
  const newestFirst = [...steps].reverse();
  return html`<div class="record"><h3>${say(...DIRECTION[direction])}</h3>
<p><strong class="${tone}">${say(vi, en)}</strong> ${say('từ', 'since')} ${moment(stateAt)}</p>
${waybill && html`<p class="note">${say('Mã vận đơn', 'Waybill')} ${waybill}</p>`}
${codAmountVnd && html`<p>${say('Thu hộ khi phát', 'To pay on delivery')}: ${money(say, codAmountVnd)}</p>`}
${newestFirst.length > 0 && html`<ol class="track">${newestFirst.map(({ at, status }) => html`<li>${moment(at)} ${vietnamese(status)}</li>`)}</ol>`}</div>`;
}

/** An address of the payment platform: https, or plain http only at the host of this page, as in a demo. */
function safeAddress(url: string | undefined, ownHost: string): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && hostname === ownHost) ? url : undefined;
}
