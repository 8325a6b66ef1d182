import { readFileSync } from 'node:fs';
import { type Attributes, type HrTime, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { instantToMs } from '#core/dates/dates';
import { parseDoor } from '#core/identifiers/door';
import {
  spanIdOfAttempt,
  spanIdOfMessage,
  type TraceContext,
  traceIdOf,
  writeTraceparent,
} from '#core/identifiers/trace-context';
import { withoutUndefined } from '#core/without-undefined';
import type { TraceSettings } from '../config/config.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { ItemResult } from '../ledger/messages.ts';
import type { Settled } from '../ledger/settle.ts';

/**
 * Shows the path of each message as an OpenTelemetry trace.
 *
 * Spans cover acceptance, the release of quarantined items, and every attempt at a partner. They carry ids,
 * codes, outcomes and reasons, and no personal data, like the log.
 */
export interface Traces {
  /** A message was committed. */
  accepted(message: AcceptedMessage, atMs: number): void;
  attempted(settled: Settled): void;
  /** The `traceparent` of a call that makes this attempt. */
  traceparentOf(claimed: Claimed): string;
  /** Exports the remaining spans. Waits at most one second for the collector. */
  close(): Promise<void>;
}

/** A message that the hub accepted. */
export interface AcceptedMessage {
  readonly messageId: string;
  readonly receipt: string;
  readonly party: string;
  readonly door: string;
  readonly operation: string | undefined;
  readonly receivedAt: string;
  readonly results: readonly ItemResult[];
  readonly refused?: { readonly status: number };
  /** The message whose quarantined item this message releases. */
  readonly released?: { readonly messageId: string };
  /** The sender's trace context. */
  readonly caller?: TraceContext;
}

/**
 * The number of spans that may wait for the collector. More spans are dropped, and the hub never
 * waits.
 */
const MOST_WAITING = 8_192;
const EXPORT_EVERY_MS = 1_000;
const EXPORTED_WITHIN_MS = 10_000;
const CLOSED_WITHIN_MS = 1_000;
/** An array may hold a thousand. Traces are searched by dossier code, and spans must stay small. */
const MOST_CODES = 50;

/** Doors without a sender: the hub fetched the data or read it again, or an operator imported a file. */
const INTERNAL_DOORS = new Set(['pull', 'answer', 'reconcile', 'release', 'import']);

/**
 * Exports traces by OTLP over HTTP. The library reads the headers, resource and compression settings
 * itself.
 */
export function createTraces({ url, share }: TraceSettings, log: Logger): Traces {
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: EXPORTED_WITHIN_MS }), log);
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize: MOST_WAITING,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: 2 * EXPORTED_WITHIN_MS,
  });
  const sampler = new TraceIdRatioBasedSampler(share);
  const version = ownVersion();
  const scope = { resource: resourceOf(version), instrumentationScope: { name: 'lienthong', version } };
  const isSampled = (traceId: string): boolean =>
    sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  const contextOf = (messageId: string, spanId: string): TraceContext => {
    const traceId = traceIdOf(messageId);
    return { traceId, spanId, isSampled: isSampled(traceId) };
  };
  const end = (span: Span): void => {
    if (span.context.isSampled) processor.onEnd({ ...readable(span), ...scope });
  };
  return {
    accepted: (message, atMs) => end(acceptedSpan(message, atMs, contextOf)),
    attempted: (settled) => end(attemptedSpan(settled, contextOf)),
    traceparentOf: ({ messageId, id, attempts }) =>
      writeTraceparent(contextOf(messageId, spanIdOfAttempt(id, attempts))),
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSED_WITHIN_MS).unref());
      await Promise.race([processor.shutdown().catch(() => undefined), late]);
    },
  };
}

/** The place of a span in the trace of a message. */
type ContextOf = (messageId: string, spanId: string) => TraceContext;

function acceptedSpan(message: AcceptedMessage, atMs: number, contextOf: ContextOf): Span {
  const { messageId, released, refused } = message;
  return {
    name: `${released ? 'release' : 'accept'} ${message.operation ?? message.door}`,
    // A released item continues the trace of the message in which it waited.
    context: contextOf(released?.messageId ?? messageId, spanIdOfMessage(messageId)),
    kind: INTERNAL_DOORS.has(parseDoor(message.door).kind) ? SpanKind.INTERNAL : SpanKind.SERVER,
    parent: released && spanIdOfMessage(released.messageId),
    caller: message.caller,
    startMs: instantToMs(message.receivedAt),
    endMs: atMs,
    attributes: attributesOf(message),
    error: refused && `refused with ${refused.status}`,
  };
}

function attemptedSpan({ claimed, outcome, settlement, at, tookMs }: Settled, contextOf: ContextOf): Span {
  const endMs = instantToMs(at);
  const { kind, reason } = outcome;
  return {
    name: `send ${claimed.operation}`,
    context: contextOf(claimed.messageId, spanIdOfAttempt(claimed.id, claimed.attempts)),
    kind: SpanKind.CLIENT,
    parent: spanIdOfMessage(claimed.messageId),
    startMs: endMs - tookMs,
    endMs,
    attributes: withoutUndefined({
      'lienthong.party': claimed.party,
      'lienthong.operation': claimed.operation,
      'lienthong.codes': [claimed.subject],
      'lienthong.delivery': claimed.id,
      'lienthong.attempt': claimed.attempts,
      'lienthong.outcome': kind,
      'lienthong.follows': settlement.state,
      'lienthong.reason': reason,
    }),
    error: kind === 'delivered' ? undefined : reason,
  };
}

interface Span {
  readonly name: string;
  readonly context: TraceContext;
  readonly kind: SpanKind;
  /** The parent span in the same trace. */
  readonly parent: string | undefined;
  /** The sender's own trace context. */
  readonly caller?: TraceContext | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why the operation failed. */
  readonly error?: string | undefined;
}

function readable(span: Span): Omit<ReadableSpan, 'resource' | 'instrumentationScope'> {
  // Clocks may be set back, so a span must not end before it starts.
  const startMs = Math.min(span.startMs, span.endMs);
  const own = {
    name: span.name,
    kind: span.kind,
    spanContext: () => otelContext(span.context),
    startTime: hrTime(startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - startMs),
    ended: true,
    status:
      span.error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: span.attributes,
    links: span.caller ? [{ context: { ...otelContext(span.caller), isRemote: true } }] : [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  return span.parent === undefined
    ? own
    : { ...own, parentSpanContext: otelContext({ ...span.context, spanId: span.parent }) };
}

function otelContext({ traceId, spanId, isSampled }: TraceContext) {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

/** Converts milliseconds to seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}

function attributesOf({ party, door, operation, messageId, receipt, results, refused }: AcceptedMessage): Attributes {
  const counts = new Map<string, number>();
  for (const { outcome } of results) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  // The code of an invalid item may be any text, even personal data.
  const codes = results.flatMap(({ code, outcome }) => (code !== undefined && outcome !== 'invalid' ? [code] : []));
  return withoutUndefined({
    'lienthong.party': party || undefined,
    'lienthong.door': door,
    'lienthong.operation': operation || undefined,
    'lienthong.message': messageId,
    'lienthong.receipt': receipt,
    'lienthong.codes': [...new Set(codes)].slice(0, MOST_CODES),
    ...Object.fromEntries([...counts].map(([outcome, count]) => [`lienthong.items.${outcome}`, count])),
    'http.response.status_code': refused?.status,
  });
}

function ownVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` add to these attributes and override them. */
function resourceOf(version: string): ReadableSpan['resource'] {
  const own = resourceFromAttributes({ 'service.name': 'lienthong', 'service.version': version });
  return own.merge(detectResources({ detectors: [envDetector] }));
}

/** Logs once when the collector stops accepting spans, and once when it accepts them again. */
function telling(exporter: SpanExporter, log: Logger): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const error = result.code === 0 ? undefined : (result.error?.message ?? 'no reason given');
        if (error !== undefined && !failing)
          log.warn({ error }, 'the trace collector accepts no spans: they are dropped');
        if (error === undefined && failing) log.info({}, 'the trace collector accepts spans again');
        failing = error !== undefined;
        // The processor cannot act on the error, and would log it a second time.
        done({ code: 0 });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
