import {
  defineSimulator,
  type SimulatorContext,
  type SimulatorDefinition,
  type SimulatorReply,
  type SimulatorRequest,
} from '#kit/testing';

interface Order {
  readonly number: string;
  readonly takenMs: number;
  /** How many steps of it are in the tracking. */
  steps: number;
  isCancelled: boolean;
}

interface Post {
  readonly tokens: Set<string>;
  readonly orders: Map<string, Order>;
  readonly docs: object[];
  issued: number;
  made: number;
}

type Context = SimulatorContext<Post>;
type Body = Readonly<Record<string, unknown>>;

/** Only 4 is a real code. The others are this stand-in's own. */
const STEPS = [
  ['1', 'Đã tiếp nhận yêu cầu'],
  ['2', 'Bưu tá đang thu gom'],
  ['3', 'Đang vận chuyển'],
  ['4', 'Phát thành công'],
] as const;

const NEEDED = ['CustomerCode', 'OrderNumber', 'SenderAddress', 'SenderName', 'SenderTel'];
const NEEDED_OF_RECEIVER = ['ReceiverName', 'ReceiverAddress', 'ReceiverTel'];

/** VNPost behind its gateway. An order makes a step every `stepMs`, and each step is in the tracking. */
export function vnpostSimulator({ stepMs = 2_000 } = {}): SimulatorDefinition {
  return defineSimulator<Post>({
    state: () => ({ tokens: new Set(), orders: new Map(), docs: [], issued: 0, made: 0 }),
    expireSessions: ({ tokens }) => tokens.clear(),
    routes: [
      { method: 'POST', path: '/token', handle: token },
      { method: 'POST', path: '/vnpost/order', handle: admitted((request, context) => take(request, context, false)) },
      {
        method: 'POST',
        path: '/vnpost/order-item-code',
        handle: admitted((request, context) => take(request, context, true)),
      },
      { method: 'POST', path: '/vnpost/cancel', handle: admitted(cancel) },
      {
        method: 'GET',
        path: '/vnpost/tracking',
        handle: admitted((request, context) => track(request, context, stepMs)),
      },
    ],
  });
}

export default vnpostSimulator();

function token({ json }: SimulatorRequest, { state }: Context): SimulatorReply {
  const { customerKey, secretKey } = (json() ?? {}) as Body;
  if (!customerKey || !secretKey) return { status: 401, body: { error: 'invalid_client' } };
  state.issued += 1;
  const value = `simulated-${state.issued}`;
  state.tokens.add(value);
  return { body: { access_token: value, token_type: 'Bearer', expires_in: 3600 } };
}

function admitted(handle: (request: SimulatorRequest, context: Context) => SimulatorReply) {
  return (request: SimulatorRequest, context: Context): SimulatorReply =>
    context.state.tokens.has(String(request.headers.access_token))
      ? handle(request, context)
      : { status: 401, body: { message: 'Invalid Credentials' } };
}

function take({ json }: SimulatorRequest, { state, ledger, now }: Context, withItemCode: boolean): SimulatorReply {
  const order = json() as Body | undefined;
  if (!order) return said('102', 'Nội dung không phải JSON');
  const needed = [...NEEDED, ...NEEDED_OF_RECEIVER, ...(withItemCode ? ['ItemCode'] : [])];
  const missing = needed.find((name) => typeof order[name] !== 'string' || order[name] === '');
  if (missing) return said('102', `Thiếu ${missing}`);
  const number = String(order.OrderNumber);
  if (state.orders.has(number)) return said('101', 'Đơn hàng đã được đăng ký');
  state.orders.set(number, { number, takenMs: now(), steps: 0, isCancelled: false });
  ledger.record('order', number, order);
  return said('100', 'Thành công');
}

function cancel({ json }: SimulatorRequest, { state, ledger }: Context): SimulatorReply {
  const { OrderNumber } = (json() ?? {}) as Body;
  const order = state.orders.get(String(OrderNumber));
  if (!order) return said('103', 'Không tìm thấy đơn hàng');
  if (!order.isCancelled) ledger.record('cancel', order.number, { OrderNumber });
  order.isCancelled = true;
  return said('100', 'Thành công');
}

function track({ query }: SimulatorRequest, { state, now }: Context, stepMs: number): SimulatorReply {
  for (const order of state.orders.values()) advance(state, order, now(), stepMs);
  const after = query.get('lastId') ?? '';
  const size = Number(query.get('pageSize') ?? 50);
  const rhDoc = state.docs.filter((doc) => idOf(doc) > after).slice(0, size);
  return { body: { _embedded: { rhDoc }, _returned: rhDoc.length } };
}

const idOf = (doc: object): string => (doc as { _id: { $oid: string } })._id.$oid;

/** Adds the steps that are due. Ids grow, because a reader continues after the last one that it saw. */
function advance(state: Post, order: Order, nowMs: number, stepMs: number): void {
  if (order.isCancelled) return;
  const due = Math.min(STEPS.length, 1 + Math.floor((nowMs - order.takenMs) / stepMs));
  for (; order.steps < due; order.steps++) {
    const [statusCode, statusMessage] = STEPS[order.steps] as (typeof STEPS)[number];
    const $oid =
      Math.floor(nowMs / 1000)
        .toString(16)
        .padStart(8, '0') + (++state.made).toString(16).padStart(16, '0');
    state.docs.push({ _id: { $oid }, orderNumber: order.number, statusCode, statusMessage });
  }
}

function said(Status: string, Message: string): SimulatorReply {
  return { body: { Status, Message } };
}
