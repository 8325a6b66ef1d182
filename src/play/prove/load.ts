import { setTimeout as sleep } from 'node:timers/promises';
import { type Catalogue, openOffices, reportedByStatus, type Specials } from '../day/day.ts';
import { legacy } from '../day/dialect-threads.ts';
import { createDice } from '../day/dice.ts';
import { oddities, type Repair } from '../day/edge-cases.ts';
import type { Errand } from '../day/errand.ts';
import { errandThreads } from '../day/errand-threads.ts';
import type { Push, Thread } from '../day/events.ts';
import { recordThreads } from '../day/record-threads.ts';
import { createNumbering } from '../day/rest-items.ts';
import { forMinistry, gathered, singles, supplemented } from '../day/rest-threads.ts';

/** Endless waves of events of the one-stop systems. The same seed gives the same events. */
export interface Load {
  nextWave(): readonly Thread[];
  /** The special cases among these dossiers. */
  specialsOf(codes: ReadonlySet<string>): Specials;
}

/**
 * A wave has what a day has: single dossiers with their steps, repeated requests with and without a key, steps out of order,
 * older records after newer ones, arrays and lines, the national dialect, bad items among good ones, postal orders and payments.
 */
export function createLoad(catalogue: Catalogue, seed: number, nowMs: number): Load {
  const numbered = createNumbering();
  const { office, registry } = openOffices(catalogue, createDice(seed), nowMs);
  const repairs: Repair[] = [];
  const ofUnknownService: string[] = [];
  const atMinistry: string[] = [];
  const errands: Errand[] = [];
  return {
    nextWave() {
      const ministry = forMinistry(registry, numbered, 4);
      const odd = oddities(office, numbered);
      const paid = errandThreads(office, numbered, 3, Date.now());
      errands.push(...paid.map(({ errand }) => errand));
      repairs.push(...odd.repairs);
      ofUnknownService.push(...odd.ofUnknownService);
      atMinistry.push(
        ...ministry.flatMap(({ pushes }) => pushes.flatMap(({ events }) => events.map(({ code }) => code))),
      );
      const threads = [
        ...ministry,
        ...odd.threads,
        ...singles(office, numbered, 40),
        ...supplemented(office, numbered, 2),
        gathered(office, numbered, 20, 'array'),
        gathered(office, numbered, 10, 'lines'),
        legacy(office, numbered, 8),
        ...reportedByStatus(office, numbered),
        ...recordThreads(office, numbered, 4),
        ...paid,
      ];
      return threads.sort((a, b) => a.startsAt - b.startsAt);
    },
    specialsOf: (codes) => ({
      repairs: repairs.filter(({ code }) => codes.has(code)),
      ofUnknownService: ofUnknownService.filter((code) => codes.has(code)),
      atMinistry: atMinistry.filter((code) => codes.has(code)),
      errands: errands.filter(({ dossierCode }) => codes.has(dossierCode)),
    }),
  };
}

export interface LoadOptions {
  readonly send: (push: Push) => Promise<void>;
  /** Maximum of items a second. */
  readonly rate: number;
  readonly isOver: () => boolean;
  readonly signal: AbortSignal;
}

/** Limit of concurrent requests. */
const AT_ONCE = 16;

/** Plays waves at a rate until it is over, and completes the dossiers that it has begun. */
export async function playLoad(load: Load, { send, rate, isOver, signal }: LoadOptions): Promise<void> {
  const began = performance.now();
  let wave: Thread[] = [];
  let items = 0;
  const turn = async (more: number): Promise<void> => {
    const earlyMs = began + (items / rate) * 1_000 - performance.now();
    items += more;
    if (earlyMs > 0) await sleep(earlyMs, undefined, { signal });
    // After an outage the load continues at its rate; it does not catch up.
    else items = Math.max(items, ((performance.now() - began) / 1_000) * rate);
  };
  const sender = async (): Promise<void> => {
    while (!isOver()) {
      if (wave.length === 0) wave = [...load.nextWave()];
      for (const push of (wave.shift() as Thread).pushes) {
        await turn(push.events.length);
        await send(push);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}
