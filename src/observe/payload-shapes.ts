import { setImmediate as nextTurn } from 'node:timers/promises';
import { DAY_MS } from '#core/dates/dates';
import {
  type Drift,
  type Fingerprint,
  fingerprintOf,
  learnShape,
  PAYLOADS_TO_LEARN,
  truncateJson,
} from '#core/dossier/payload-shape';
import { say } from '#messages/message';
import type { WireRecord } from '../kit/http/exchange.ts';
import { readXml } from '../kit/xml/read-xml.ts';
import { openIncidents } from '../ledger/incidents.ts';
import { updatePayloadShape } from '../ledger/payload-shapes.ts';
import type { WatchContext } from './watch-context.ts';

/** The part of a message that matters for its payload's shape. */
interface SampledMessage {
  readonly party: string;
  readonly door: string;
  readonly operation: string | undefined;
  readonly body: Uint8Array | undefined;
  readonly refused?: unknown;
}

/**
 * Watches the shapes of partners' payloads.
 *
 * A difference from the learnt shape opens one incident. From then on the new shape is known. Samples are
 * compared later, a few payloads per second, so that no request waits.
 */
export interface PayloadShapes {
  /** Samples stored messages. */
  sampleMessages(messages: readonly SampledMessage[]): void;
  /** Samples a partner's answer to a call. */
  sampleAnswer(party: string, operation: string, wire: WireRecord): void;
  /** Compares all samples now. */
  flush(): Promise<void>;
  /** Closes incidents that are older than a day. The new shape is the usual one by then. */
  closeOld(): Promise<void>;
}

/** After the first payloads of a kind: every 50th, and any payload this long after the last sample. */
const ONE_OF = 50;
const AGAIN_AFTER_MS = 10_000;
const EVERY_MS = 1_000;
/** The largest number of waiting samples of one kind. */
const MOST_WAITING = 20;
/** Only the beginning of a larger payload is parsed. Parsing all of it would block the event loop. */
const MOST_BYTES = 256 * 1024;
const MOST_NAMED = 8;

interface Sample {
  readonly party: string;
  readonly kind: string;
  readonly body: Uint8Array | string;
  /** Whether the body is the beginning of a larger one. */
  readonly isPart: boolean;
  /** The request, for an answer. Answers to different requests have different shapes. */
  readonly asked?: string | undefined;
}

type Payload = Omit<Sample, 'isPart'>;

interface Print {
  readonly print: Fingerprint;
  readonly isPart: boolean;
}

type ShapeContext = Pick<WatchContext, 'database' | 'alerts' | 'telemetry' | 'nowMs'>;

export function createPayloadShapes(context: ShapeContext): PayloadShapes {
  const { database, alerts, telemetry, nowMs } = context;
  const samples = createSamples(nowMs);
  let timer: NodeJS.Timeout | undefined;
  let comparing: Promise<void> = Promise.resolve();

  function sample(one: Payload): void {
    if (samples.add(one)) timer ??= setTimeout(() => void flush(), EVERY_MS).unref();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const taken = samples.take();
    comparing = comparing.then(() => compareAll(context, taken)).catch((error) => telemetry.failed('shapes', error));
    return comparing;
  }

  return {
    sampleMessages(messages) {
      for (const { party, door, operation, body, refused } of messages)
        if (body && !refused) sample({ party, kind: `${operation ?? ''} (${door})`, body });
    },
    sampleAnswer(party, operation, { url, status = 0, request, reply }) {
      if (status < 200 || status > 299) return;
      sample({ party, kind: `answer to ${operation} ${placeOf(url)}`, body: reply, asked: request });
    },
    flush,
    async closeOld() {
      for (const { party, kind, openedAt } of await openIncidents(database))
        if (kind === 'schema-drift' && Date.parse(openedAt) < nowMs() - DAY_MS) await alerts.close(party, [kind]);
    },
  };
}

/** The payloads that wait for comparison. */
function createSamples(nowMs: () => number) {
  const seen = new Map<string, { readonly count: number; readonly sampledMs: number }>();
  let waiting = new Map<string, Sample[]>();
  return {
    /** @returns whether the payload is one of the few samples */
    add(one: Payload): boolean {
      const key = `${one.party} ${one.kind}`;
      const before = seen.get(key) ?? { count: 0, sampledMs: 0 };
      const count = before.count + 1;
      const isNth = count <= PAYLOADS_TO_LEARN || count % ONE_OF === 0;
      const isSampled = isNth || Math.abs(nowMs() - before.sampledMs) >= AGAIN_AFTER_MS;
      seen.set(key, { count, sampledMs: isSampled ? nowMs() : before.sampledMs });
      if (!isSampled) return false;
      const others = waiting.get(key);
      if (!others) waiting.set(key, [cut(one)]);
      else if (others.length < MOST_WAITING) others.push(cut(one));
      return true;
    },
    take(): readonly Sample[] {
      const taken = [...waiting.values()].flat();
      waiting = new Map();
      return taken;
    },
  };
}

async function compareAll(context: ShapeContext, samples: readonly Sample[]): Promise<void> {
  const byKind = new Map<string, { party: string; kind: string; prints: Print[] }>();
  for (const one of samples) {
    await nextTurn();
    const print = printOf(one);
    if (!print) continue;
    const kind = one.asked === undefined ? one.kind : `${one.kind} ${questionOf(one.asked)}`.slice(0, 300);
    const key = `${one.party} ${kind}`;
    const known = byKind.get(key);
    const found = { print, isPart: one.isPart };
    if (known) known.prints.push(found);
    else byKind.set(key, { party: one.party, kind, prints: [found] });
  }
  for (const { party, kind, prints } of byKind.values()) await compare(context, party, kind, prints);
}

/** Learns the shapes, and opens an incident when a shape differs from the known one. */
async function compare(
  { database, alerts, nowMs }: ShapeContext,
  party: string,
  kind: string,
  prints: readonly Print[],
): Promise<void> {
  const drifts = await updatePayloadShape(database, party, kind, nowMs(), (known) => {
    const found: Drift[] = [];
    let shape = known;
    for (const { print, isPart } of prints) {
      const learnt = learnShape(shape, print, isPart);
      shape = learnt.shape;
      found.push(...learnt.drifts);
    }
    return { shape, result: found };
  });
  if (drifts.length === 0) return;
  const more = drifts.length > MOST_NAMED ? [say('and-more', { count: drifts.length - MOST_NAMED })] : [];
  const named = drifts.slice(0, MOST_NAMED).map(({ words }) => words);
  // The previous drift is known by now. This one is another incident.
  await alerts.close(party, ['schema-drift']);
  await alerts.open(
    party,
    'schema-drift',
    say('with-reason', { reason: kind, why: say('problems', { problems: [...named, ...more] }) }),
  );
}

/** Copies the beginning of a large payload, so that the rest of it can be freed. */
function cut(one: Payload): Sample {
  const { body } = one;
  if (body.length <= MOST_BYTES) return { ...one, isPart: false };
  const bytes =
    typeof body === 'string' ? Buffer.from(body.slice(0, MOST_BYTES)) : Buffer.from(body.subarray(0, MOST_BYTES));
  return { ...one, isPart: true, body: bytes };
}

/** The fingerprint of JSON, JSON lines or XML. A partial body must be JSON. Undefined for all else. */
function printOf({ body, isPart }: Sample): Fingerprint | undefined {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  try {
    if (text.trimStart().startsWith('<')) return isPart ? undefined : fingerprintOf(readXml(text), true);
    const whole = isPart ? (truncateJson(text, MOST_BYTES) ?? '') : text;
    const value = parsed(whole) ?? parsed(text.slice(0, text.indexOf('\n')));
    return typeof value === 'object' && value !== null ? fingerprintOf(value) : undefined;
  } catch {
    return undefined;
  }
}

/** The member names of a request. Their values may be personal data. */
function questionOf(asked: string): string {
  const value = parsed(asked);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  return `(${Object.keys(value).sort().join(', ')})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The path of a URL, without dossier codes and similar ids. */
function placeOf(url: string): string {
  const { pathname } = new URL(url);
  return pathname
    .split('/')
    .map((part) => (/\d{3}|%/.test(part) ? '*' : part))
    .join('/');
}
