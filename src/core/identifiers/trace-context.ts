/** A place in a trace, as W3C Trace Context tells it (https://www.w3.org/TR/trace-context/): lower-case hexadecimal. */
export interface TraceContext {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
  /** Whether whoever began it keeps it. */
  readonly isSampled: boolean;
}

/**
 * All that follows from a message is one trace, and the message's id is its name: any process tells the same, days later
 * too, and whoever has a receipt has the trace.
 */
export function traceIdOf(messageId: string): string {
  return messageId.replaceAll('-', '');
}

/** The span in which a message was taken in: the random half of its id. */
export function spanIdOfMessage(messageId: string): string {
  return traceIdOf(messageId).slice(16);
}

/** The span of one attempt at a delivery. In a trace there is no other of this delivery and number. */
export function spanIdOfAttempt(deliveryId: number, attempt: number): string {
  return deliveryId.toString(16).padStart(12, '0') + (attempt % 0x10000).toString(16).padStart(4, '0');
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What a `traceparent` says; undefined where it is not one, for then it has to be passed over. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text?.trim() ?? '') ?? [];
  // Later versions may say more behind; that of `ff` is none.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function writeTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
