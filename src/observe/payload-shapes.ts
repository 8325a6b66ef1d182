import { setImmediate as nextTurn } from 'node:timers/promises';
import { beginningOf, type Drift, type Fingerprint, fingerprintOf, LEARNING, learn } from '#core/dossier/shape';
import type { Database } from '../database/pool.ts';
import type { WireRecord } from '../kit/http/http.ts';
import { readXml } from '../kit/xml/read-xml.ts';
import { openIncidents } from '../ledger/incidents.ts';
import { changeShape } from '../ledger/shapes.ts';
import type { Alerts } from './alerts.ts';
import type { Telemetry } from './telemetry.ts';

export interface ShapeWatchMeans {
  readonly database: Database;
  readonly alerts: Alerts;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
}

/** A message, as far as its payload's shape goes. */
interface SampledMessage {
  readonly party: string;
  readonly door: string;
  readonly operation: string | undefined;
  readonly body: Uint8Array | undefined;
  readonly refused?: unknown;
}

/**
 * Watches the shapes of what partners tell and answer. A difference from what was learnt opens one incident, and is
 * known from then on. What is sampled is looked at later, some payloads a second: nobody waits for it.
 */
export interface PayloadShapes {
  /** Messages were kept. */
  sampleMessages(messages: readonly SampledMessage[]): void;
  /** A partner answered a call. */
  sampleAnswer(party: string, operation: string, wire: WireRecord): void;
  /** Look at what was sampled. */
  flush(): Promise<void>;
  /** Let notices of more than a day ago rest: the new shape is the usual one now. */
  closeOld(): Promise<void>;
}

/** After the first payloads, one of so many is looked at, and one that comes so long after the last one that was. */
const ONE_OF = 50;
const AGAIN_AFTER_MS = 10_000;
const EVERY_MS = 1_000;
/** Payloads of one kind that wait to be looked at. */
const MOST_WAITING = 20;
/** Of what is larger the beginning is looked at: all of it would hold up everything else while it is parsed. */
const MOST_BYTES = 256 * 1024;
const MOST_TOLD = 8;
const DAY_MS = 86_400_000;

interface Sample {
  readonly party: string;
  readonly kind: string;
  readonly body: Uint8Array | string;
  /** Whether the body is the beginning of a larger one. */
  readonly isPart: boolean;
  /** What was asked, where it is an answer: answers to different questions have different shapes. */
  readonly asked?: string;
}

interface Print {
  readonly print: Fingerprint;
  readonly isPart: boolean;
}

export function createPayloadShapes({ database, alerts, telemetry, nowMs }: ShapeWatchMeans): PayloadShapes {
  const seen = new Map<string, { readonly count: number; readonly lookedMs: number }>();
  let waiting = new Map<string, Sample[]>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  function sample(one: Omit<Sample, 'isPart'>): void {
    const key = `${one.party} ${one.kind}`;
    const before = seen.get(key) ?? { count: 0, lookedMs: 0 };
    const count = before.count + 1;
    const isInTurn = count <= LEARNING || count % ONE_OF === 0;
    const isLookedAt = isInTurn || Math.abs(nowMs() - before.lookedMs) >= AGAIN_AFTER_MS;
    seen.set(key, { count, lookedMs: isLookedAt ? nowMs() : before.lookedMs });
    if (!isLookedAt) return;
    const others = waiting.get(key);
    if (!others) waiting.set(key, [cut(one)]);
    else if (others.length < MOST_WAITING) others.push(cut(one));
    timer ??= setTimeout(() => void flush(), EVERY_MS).unref();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const samples = [...waiting.values()].flat();
    waiting = new Map();
    looking = looking.then(() => look(samples)).catch((error) => telemetry.failed('shapes', error));
    return looking;
  }

  async function look(samples: readonly Sample[]): Promise<void> {
    const prints = new Map<string, { party: string; kind: string; prints: Print[] }>();
    for (const one of samples) {
      await nextTurn();
      const print = printOf(one);
      if (!print) continue;
      const kind = one.asked === undefined ? one.kind : `${one.kind} ${questionOf(one.asked)}`.slice(0, 300);
      const key = `${one.party} ${kind}`;
      const known = prints.get(key);
      const found = { print, isPart: one.isPart };
      if (known) known.prints.push(found);
      else prints.set(key, { party: one.party, kind, prints: [found] });
    }
    for (const { party, kind, prints: found } of prints.values()) await compare(party, kind, found);
  }

  async function compare(party: string, kind: string, prints: readonly Print[]): Promise<void> {
    const drifts = await changeShape(database, party, kind, nowMs(), (known) => {
      const found: Drift[] = [];
      let shape = known;
      for (const { print, isPart } of prints) {
        const learnt = learn(shape, print, isPart);
        shape = learnt.shape;
        found.push(...learnt.drifts);
      }
      return { shape, result: found };
    });
    if (drifts.length === 0) return;
    const more = drifts.length > MOST_TOLD ? ` and ${drifts.length - MOST_TOLD} more` : '';
    const told = drifts.slice(0, MOST_TOLD).map(({ text }) => text);
    // What was noticed before is known: this is another matter.
    await alerts.close(party, ['schema-drift']);
    await alerts.open(party, 'schema-drift', `${kind}: ${told.join('; ')}${more}`);
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

/** A copy of the beginning of what is large, so that nothing holds on to all of it. */
function cut(one: Omit<Sample, 'isPart'>): Sample {
  const { body } = one;
  if (body.length <= MOST_BYTES) return { ...one, isPart: false };
  const bytes =
    typeof body === 'string' ? Buffer.from(body.slice(0, MOST_BYTES)) : Buffer.from(body.subarray(0, MOST_BYTES));
  return { ...one, isPart: true, body: bytes };
}

/** The fingerprint of what is JSON, lines of JSON, or XML (in part only JSON); nothing else has fields. */
function printOf({ body, isPart }: Sample): Fingerprint | undefined {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  try {
    if (text.trimStart().startsWith('<')) return isPart ? undefined : fingerprintOf(readXml(text), true);
    const whole = isPart ? (beginningOf(text, MOST_BYTES) ?? '') : text;
    const value = parsed(whole) ?? parsed(text.slice(0, text.indexOf('\n')));
    return typeof value === 'object' && value !== null ? fingerprintOf(value) : undefined;
  } catch {
    return undefined;
  }
}

/** The members of a question: what they say may be anybody's data. */
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

/** The path of an address, without codes of dossiers and the like. */
function placeOf(url: string): string {
  const { pathname } = new URL(url);
  return pathname
    .split('/')
    .map((part) => (/\d{3}|%/.test(part) ? '*' : part))
    .join('/');
}
