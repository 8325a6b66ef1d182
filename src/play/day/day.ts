import type { Agency } from '#schemas/agency.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { workingDays } from './calendar.ts';
import { legacy } from './dialect-threads.ts';
import { createDice, type Dice } from './dice.ts';
import { oddities, type Repair } from './edge-cases.ts';
import type { Errand } from './errand.ts';
import type { Thread } from './events.ts';
import { recordThreads } from './record-threads.ts';
import { createNumbering, type NumberEvent, restDossier, restStep } from './rest-items.ts';
import { forMinistry, gathered, single, singles, supplemented } from './rest-threads.ts';
import { inEnvelopes } from './soap-threads.ts';
import { createStory, type Office, type StoryStep } from './stories.ts';

/** The special dossiers of a day. */
export interface Specials {
  /** Dossiers in work whose fees are paid at the platform, with an order at the post. */
  readonly errands: readonly Errand[];
  readonly repairs: readonly Repair[];
  readonly ofUnknownService: readonly string[];
  /** Dossiers that go to the civil-status system, which moves them on. */
  readonly atMinistry: readonly string[];
}

/** All requests of the partners. */
export interface Day extends Specials {
  readonly threads: readonly Thread[];
}

export interface Catalogue {
  readonly services: readonly Service[];
  readonly agencies: readonly Agency[];
}

/** Procedures that the civil-status system handles (adapters/civil-status/tables.json); the route names them. */
export const CIVIL_STATUS_SERVICES = ['1.001193', '1.000656', '1.000894', '2.000635'] as const;

/** Procedures whose steps the national portal gets by `DongBoTrangThaiHoSo`; the demo's settings name them. */
export const REPORTED_SERVICES = ['1.004837', '1.005461'] as const;

/** The origins of dossiers: the offices, and the registry whose dossiers go to the civil-status system. */
export function openOffices(
  { services, agencies }: Catalogue,
  dice: Dice,
  nowMs: number,
): Record<'office' | 'registry', Office> {
  const isCivil = ({ code }: Service): boolean => CIVIL_STATUS_SERVICES.some((key) => code.startsWith(key));
  const office = {
    dice,
    days: workingDays(nowMs),
    services: services.filter((service) => !isCivil(service)),
    agencies,
    serial: serials(100_000, () => true),
  };
  // The simulated ministry refuses codes that end in 9. An office that has begun work cannot follow that.
  const registry: Office = {
    ...office,
    services: services.filter(isCivil),
    // Births and marriages are registered by the communes.
    agencies: agencies.filter(({ name }) => name.startsWith('Ủy ban nhân dân')),
    serial: serials(500_000, (serial) => serial % 10 !== 9),
  };
  return { office, registry };
}

/** Writes the day: the same for the same seed, catalogue and date. */
export function writeDay(catalogue: Catalogue, seed: number, nowMs: number): Day {
  const numbered = createNumbering();
  const { office, registry } = openOffices(catalogue, createDice(seed), nowMs);
  const ministry = forMinistry(registry, numbered, 48);
  const odd = oddities(office, numbered);
  const threads = [
    ...ministry,
    ...odd.threads,
    ...singles(office, numbered, 150),
    ...supplemented(office, numbered, 12),
    ...[100, 100].map((count) => gathered(office, numbered, count, 'array')),
    gathered(office, numbered, 60, 'lines'),
    inEnvelopes(office, numbered, 40),
    ...Array.from({ length: 6 }, () => legacy(office, numbered, 20)),
    ...reportedByStatus(office, numbered),
    ...recordThreads(office, numbered, 12),
  ];
  return {
    threads: [...threads].sort((a, b) => a.startsAt - b.startsAt),
    repairs: odd.repairs,
    ofUnknownService: odd.ofUnknownService,
    errands: [],
    atMinistry: ministry.flatMap(({ pushes }) => pushes.flatMap(({ events }) => events.map(({ code }) => code))),
  };
}

/** Dossiers of the procedures whose statuses are reported: one goes its way, and one is refused. */
export function reportedByStatus(office: Office, numbered: NumberEvent): readonly Thread[] {
  const services = office.services.filter(({ code }) => (REPORTED_SERVICES as readonly string[]).includes(code));
  const courses = [
    ['received', 'processing', 'resolved', 'returned'],
    ['submitted', 'refused'],
  ] as const;
  return courses.map((course) => {
    const story = createStory({ ...office, services }, course);
    const [first, ...later] = story.steps as readonly [StoryStep, ...StoryStep[]];
    const pushes = [restDossier(numbered, story, first), ...later.map((step) => restStep(numbered, story, step))];
    return { startsAt: office.dice.next() * 0.8, pushes: pushes.map(single) };
  });
}

function serials(first: number, isUsable: (serial: number) => boolean): () => string {
  let serial = first;
  return () => {
    do serial++;
    while (!isUsable(serial));
    return String(serial);
  };
}
