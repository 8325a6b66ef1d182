import Type from 'typebox';
import { disagrees, type Kind, type KindRecord } from '#core/records/kind';
import { maskRecord } from '#core/records/mask-record';
import type { Status } from '#schemas/dossier.upsert.v1';
import { closed, Instant } from '#schemas/parts';
import { Payment } from '#schemas/payment.v1';
import { PostalOrder } from '#schemas/postal-order.v1';
import type { AppContext } from '../app-context.ts';
import { receiptAddress } from './receipts.ts';

const MOST = 20;

const { code, state, stateAt, amountVnd, items, paidAt, payUrl, receiptUrl } = Payment.properties;
const { direction, waybill, codAmountVnd } = PostalOrder.properties;

export const PublicPayment = closed(
  { code, state, stateAt, amountVnd, items, paidAt, payUrl, receiptUrl },
  { title: 'PublicPayment', description: 'A payment of a dossier as a citizen without a key sees it' },
);

export const PublicPostalOrder = closed(
  {
    code,
    direction,
    state: PostalOrder.properties.state,
    stateAt,
    waybill,
    codAmountVnd,
    steps: Type.Optional(Type.Array(closed({ at: Instant, status: Type.String() }))),
  },
  { title: 'PublicPostalOrder', description: 'A postal order of a dossier as a citizen without a key sees it' },
);

/** The payments and postal orders of a proven dossier. */
export interface DossierRecords {
  readonly payments: readonly object[];
  readonly postalOrders: readonly object[];
  readonly isRated: boolean;
}

type DossierRecordsContext = Pick<AppContext, 'records' | 'kinds' | 'vault' | 'nowMs'>;

/**
 * The newest 20 payments and postal orders of a dossier, without the people that they name. A dossier for which nobody pays any
 * more has no address for payment.
 *
 * Call it only after a right proof, because it returns the addresses for payment and receipt.
 *
 * @param dossier its own code. An alias may belong to another dossier.
 */
export async function readDossierRecords(
  hub: DossierRecordsContext,
  dossier: string,
  status: Status,
): Promise<DossierRecords> {
  const rating = hub.kinds.byName('rating');
  const payment = hub.kinds.byName('payment');
  const [payments, orders, ratings] = await Promise.all([
    read(hub, payment, dossier),
    read(hub, hub.kinds.byName('postal-order'), dossier),
    rating ? hub.records.count(rating, { dossier }) : 0,
  ]);
  return {
    payments: payments.map((one) =>
      shownPayment(hub, one, payment !== undefined && disagrees(payment, one.whole.state, status)),
    ),
    postalOrders: orders.map(shownOrder),
    isRated: ratings > 0,
  };
}

interface Found {
  readonly masked: Readonly<Record<string, unknown>>;
  readonly whole: KindRecord;
}

async function read(
  { records }: DossierRecordsContext,
  kind: Kind | undefined,
  dossier: string,
): Promise<readonly Found[]> {
  if (!kind) return [];
  const found = await records.list(kind, { dossier }, MOST, undefined, true);
  return found.map(({ json }) => {
    const whole = JSON.parse(json) as KindRecord;
    return { whole, masked: maskRecord(kind, whole) } as unknown as Found;
  });
}

function shownPayment(hub: DossierRecordsContext, { masked, whole }: Found, isOver: boolean): object {
  const { code, payUrl, receiptUrl } = whole as Payment;
  return {
    ...picked(masked, ['code', 'state', 'stateAt', 'amountVnd', 'items', 'paidAt']),
    payUrl: isOver ? undefined : payUrl,
    // The hub's own address needs a key. A citizen gets one that is signed.
    receiptUrl: receiptUrl?.startsWith('/') ? receiptAddress(hub, code) : receiptUrl,
  };
}

/** Without the text of a step, which may name the address of a person. */
function shownOrder({ masked }: Found): object {
  const steps = masked.steps as readonly { readonly at: string; readonly status: string }[] | undefined;
  return {
    ...picked(masked, ['code', 'direction', 'state', 'stateAt', 'waybill', 'codAmountVnd']),
    steps: steps?.map(({ at, status }) => ({ at, status })),
  };
}

function picked(from: Readonly<Record<string, unknown>>, members: readonly string[]): object {
  return Object.fromEntries(members.filter((member) => member in from).map((member) => [member, from[member]]));
}
