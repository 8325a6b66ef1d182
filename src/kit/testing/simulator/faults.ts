import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { closed } from '#schemas/parts';

const optional = Type.Optional;
const Count = Type.Integer({ minimum: 1 });
const Milliseconds = Type.Integer({ minimum: 1 });

/** How long a fault lasts (`times` requests or `forMs`, one request by default), and on which path. */
const scope = { times: optional(Count), forMs: optional(Milliseconds), path: optional(Type.String()) };
const plain = <const K extends string>(kind: K) => closed({ kind: Type.Literal(kind), ...scope });

/** A fault of the simulated partner. */
export const Fault = Type.Union([
  /** Nothing listens: connections are refused. */
  closed({ kind: Type.Literal('down'), forMs: Milliseconds }),
  /** No fault: lets requests pass before the next fault. */
  plain('pass'),
  /** The request is read and has no effect, then the connection breaks. */
  plain('reset'),
  /** The request takes effect, then the connection breaks before the answer. */
  plain('drop-reply'),
  /** The request takes effect, and the answer comes `ms` later. */
  closed({ kind: Type.Literal('delay'), ms: Milliseconds, ...scope }),
  /** A maintenance page with status 200. The request has no effect. */
  plain('html'),
  /** Any other answer. The request has no effect. */
  closed({
    kind: Type.Literal('status'),
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    headers: optional(Type.Record(Type.String(), Type.String())),
    body: optional(Type.Unknown()),
    ...scope,
  }),
  /** The request takes effect. Half of the answer comes, with the Content-Length of the whole. */
  plain('half'),
  /** The request takes effect. The answer is in Latin-1, whatever its header says. */
  plain('wrong-charset'),
  /** Status 200 and `{}`. The request has no effect. */
  plain('empty'),
  /** All sessions end before the request is handled. */
  plain('session-expired'),
  /** The request takes effect. The answer comes one byte every 200 ms. */
  plain('drip'),
]);
export type Fault = Type.Static<typeof Fault>;
export type RequestFault = Exclude<Fault, { kind: 'down' }>;

const check = Compile(Fault);

export function isFault(value: unknown): value is Fault {
  return check.Check(value);
}

export interface FaultQueue {
  add(fault: RequestFault): void;
  /** The fault for this request: the first one that is not used up and fits its path. */
  take(path: string): RequestFault | undefined;
  clear(): void;
}

export function createFaultQueue(): FaultQueue {
  let waiting: { fault: RequestFault; left: number; endsAt: number }[] = [];
  return {
    add(fault) {
      const left = fault.times ?? (fault.forMs === undefined ? 1 : Number.POSITIVE_INFINITY);
      const endsAt = fault.forMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + fault.forMs;
      waiting.push({ fault, left, endsAt });
    },
    take(path) {
      waiting = waiting.filter((one) => one.left > 0 && one.endsAt > performance.now());
      const next = waiting.find(({ fault }) => fault.path === undefined || fault.path === path);
      if (next) next.left -= 1;
      return next?.fault;
    },
    clear() {
      waiting = [];
    },
  };
}
