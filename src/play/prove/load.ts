import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../day/day.ts';
import { openOffices, type Specials } from '../day/day.ts';
import { legacy } from '../day/dialect-threads.ts';
import { createDice } from '../day/dice.ts';
import { oddities, type Repair } from '../day/edge-cases.ts';
import type { Push, Thread } from '../day/events.ts';
import { createNumbering } from '../day/rest-items.ts';
import { forMinistry, gathered, singles, supplemented } from '../day/rest-threads.ts';

/** The events of the one-stop systems, wave after wave without an end. The same seed gives the same events. */
export interface Load {
  nextWave(): readonly Thread[];
  /** What is special about the dossiers of these codes. */
  specialsOf(codes: ReadonlySet<string>): Specials;
}

/**
 * A wave has what a day has: single dossiers with their steps, repeats of requests with and without a key, steps that
 * overtake one another, older records after newer ones, arrays and lines, the national dialect, bad items among good.
 */
export function createLoad(catalogue: Catalogue, seed: number, nowMs: number): Load {
  const numbered = createNumbering();
  const { office, registry } = openOffices(catalogue, createDice(seed), nowMs);
  const repairs: Repair[] = [];
  const ofUnknownService: string[] = [];
  const atMinistry: string[] = [];
  return {
    nextWave() {
      const ministry = forMinistry(registry, numbered, 4);
      const odd = oddities(office, numbered);
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
      ];
      return threads.sort((a, b) => a.startsAt - b.startsAt);
    },
    specialsOf: (codes) => ({
      repairs: repairs.filter(({ code }) => codes.has(code)),
      ofUnknownService: ofUnknownService.filter((code) => codes.has(code)),
      atMinistry: atMinistry.filter((code) => codes.has(code)),
    }),
  };
}

export interface LoadOptions {
  readonly send: (push: Push) => Promise<void>;
  /** Items a second, at the most. */
  readonly rate: number;
  readonly forMs: number;
  readonly signal: AbortSignal;
}

/** Requests that are under way at once. */
const AT_ONCE = 16;

/** Plays waves for a while at a rate. It finishes the dossiers that it has begun. */
export async function playLoad(load: Load, { send, rate, forMs, signal }: LoadOptions): Promise<void> {
  const began = performance.now();
  let wave: Thread[] = [];
  let items = 0;
  const turn = async (more: number): Promise<void> => {
    const earlyMs = began + (items / rate) * 1_000 - performance.now();
    items += more;
    if (earlyMs > 0) await sleep(earlyMs, undefined, { signal });
    // After an outage the load goes on at its rate; it does not make up for what was not sent.
    else items = Math.max(items, ((performance.now() - began) / 1_000) * rate);
  };
  const lane = async (): Promise<void> => {
    while (performance.now() - began < forMs) {
      if (wave.length === 0) wave = [...load.nextWave()];
      for (const push of (wave.shift() as Thread).pushes) {
        await turn(push.events.length);
        await send(push);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
