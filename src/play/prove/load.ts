import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../day/day.ts';
import { openOffices, type Specials } from '../day/day.ts';
import { legacy } from '../day/dialect-threads.ts';
import { createDice } from '../day/dice.ts';
import { oddities, type Repair } from '../day/edge-cases.ts';
import type { Push, Thread } from '../day/events.ts';
import { createTeller } from '../day/rest-items.ts';
import { forMinistry, gathered, singles, supplemented } from '../day/rest-threads.ts';

/** What the one-stop systems are going to tell, wave after wave without an end: the same for the same seed. */
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
  const tell = createTeller();
  const { office, registry } = openOffices(catalogue, createDice(seed), nowMs);
  const repairs: Repair[] = [];
  const ofUnknownService: string[] = [];
  const atMinistry: string[] = [];
  return {
    nextWave() {
      const ministry = forMinistry(registry, tell, 4);
      const odd = oddities(office, tell);
      repairs.push(...odd.repairs);
      ofUnknownService.push(...odd.ofUnknownService);
      atMinistry.push(...ministry.flatMap(({ pushes }) => pushes.flatMap(({ told }) => told.map(({ code }) => code))));
      const threads = [
        ...ministry,
        ...odd.threads,
        ...singles(office, tell, 40),
        ...supplemented(office, tell, 2),
        gathered(office, tell, 20, 'array'),
        gathered(office, tell, 10, 'lines'),
        legacy(office, tell, 8),
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

/** Play waves for so long, at a rate; what has been begun then is told to its end. */
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
        await turn(push.told.length);
        await send(push);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
