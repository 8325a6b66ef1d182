/** A position in a trace, by W3C Trace Context (https://www.w3.org/TR/trace-context/), in lower-case hexadecimal. */
export interface TraceContext {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
  /** Whether the system that began the trace records it. */
  readonly isSampled: boolean;
}

/**
 * The trace of a message and everything that follows from it. The message's id is its trace id. So every process
 * derives the same one, even days later, and a receipt leads to the trace.
 */
export function traceIdOf(messageId: string): string {
  return messageId.replaceAll('-', '');
}

/** The span in which a message was accepted: the random half of its id. */
export function spanIdOfMessage(messageId: string): string {
  return traceIdOf(messageId).slice(16);
}

/** The span of one attempt at a delivery, unique within its trace. */
export function spanIdOfAttempt(deliveryId: number, attempt: number): string {
  return deliveryId.toString(16).padStart(12, '0') + (attempt % 0x10000).toString(16).padStart(4, '0');
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Parses a `traceparent`. Undefined if it is invalid, because then it must be ignored. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text?.trim() ?? '') ?? [];
  // Later versions may append members. Version `ff` is invalid.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function writeTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
