import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Drift, type Fingerprint, fingerprintOf, LEARNING, learn } from '#core/shape';
import type { Alerts } from './alerts.ts';
import type { Database } from './database/pool.ts';
import type { WireRecord } from './kit/http.ts';
import { readXml } from './kit/xml.ts';
import { openIncidents } from './ledger/incidents.ts';
import { changeShape } from './ledger/shapes.ts';
import type { Telemetry } from './telemetry.ts';

export interface ShapeWatchMeans {
  readonly database: Database;
  readonly alerts: Alerts;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
}

/** A message, as far as its payload's shape goes. */
interface Told {
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
export interface ShapeWatch {
  /** Messages were kept. */
  told(messages: readonly Told[]): void;
  /** A partner answered a call. */
  answered(party: string, operation: string, wire: WireRecord): void;
  /** Look at what was sampled. */
  flush(): Promise<void>;
  /** Let notices of more than a day ago rest: the new shape is the usual one now. */
  rest(): Promise<void>;
}

/** After the first payloads, one of so many is looked at, and one that comes so long after the last one that was. */
const ONE_OF = 50;
const AGAIN_AFTER_MS = 10_000;
const EVERY_MS = 1_000;
/** Payloads of one kind that wait to be looked at. */
const MOST_WAITING = 20;
/** What is larger would hold up everything else while it is parsed. */
const MOST_BYTES = 256 * 1024;
const MOST_TOLD = 8;
const DAY_MS = 86_400_000;

interface Sample {
  readonly party: string;
  readonly kind: string;
  readonly body: Uint8Array | string;
  /** What was asked, where it is an answer: answers to different questions have different shapes. */
  readonly asked?: string;
}

export function createShapeWatch({ database, alerts, telemetry, nowMs }: ShapeWatchMeans): ShapeWatch {
  const seen = new Map<string, { readonly count: number; readonly lookedMs: number }>();
  let waiting = new Map<string, Sample[]>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  function sample(one: Sample): void {
    const key = `${one.party} ${one.kind}`;
    const before = seen.get(key) ?? { count: 0, lookedMs: 0 };
    const count = before.count + 1;
    const isInTurn = count <= LEARNING || count % ONE_OF === 0;
    const isLookedAt =
      one.body.length <= MOST_BYTES && (isInTurn || Math.abs(nowMs() - before.lookedMs) >= AGAIN_AFTER_MS);
    seen.set(key, { count, lookedMs: isLookedAt ? nowMs() : before.lookedMs });
    if (!isLookedAt) return;
    const others = waiting.get(key);
    if (!others) waiting.set(key, [one]);
    else if (others.length < MOST_WAITING) others.push(one);
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
    const prints = new Map<string, { party: string; kind: string; prints: Fingerprint[] }>();
    for (const one of samples) {
      await nextTurn();
      const print = printOf(one);
      if (!print) continue;
      const kind = one.asked === undefined ? one.kind : `${one.kind} ${questionOf(one.asked)}`.slice(0, 300);
      const key = `${one.party} ${kind}`;
      const known = prints.get(key);
      if (known) known.prints.push(print);
      else prints.set(key, { party: one.party, kind, prints: [print] });
    }
    for (const { party, kind, prints: found } of prints.values()) await compare(party, kind, found);
  }

  async function compare(party: string, kind: string, prints: readonly Fingerprint[]): Promise<void> {
    const drifts = await changeShape(database, party, kind, nowMs(), (known) => {
      const found: Drift[] = [];
      let shape = known;
      for (const print of prints) {
        const learnt = learn(shape, print);
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
    told(messages) {
      for (const { party, door, operation, body, refused } of messages)
        if (body && !refused) sample({ party, kind: `${operation ?? ''} (${door})`, body });
    },
    answered(party, operation, { url, status = 0, request, reply }) {
      if (status < 200 || status > 299) return;
      sample({ party, kind: `answer to ${operation} ${placeOf(url)}`, body: reply, asked: request });
    },
    flush,
    async rest() {
      for (const { party, kind, openedAt } of await openIncidents(database))
        if (kind === 'schema-drift' && Date.parse(openedAt) < nowMs() - DAY_MS) await alerts.close(party, [kind]);
    },
  };
}

/** The fingerprint of what is JSON, lines of JSON, or XML; nothing else has fields. */
function printOf({ body }: Sample): Fingerprint | undefined {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  try {
    if (text.trimStart().startsWith('<')) return fingerprintOf(readXml(text), true);
    const value = parsed(text) ?? parsed(text.slice(0, text.indexOf('\n')));
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
