import { msToInstant } from '#core/dates/dates';
import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import { createDice, type Dice } from '../../../src/play/day/dice.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import { personName } from './names.ts';
import type { Province } from './province.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const DAYS = 730;

export interface Step {
  readonly status: Status;
  readonly atMs: number;
}

/** One event: the whole dossier as its source sends it after a step. */
export interface Event {
  /** The number of the dossier. */
  readonly n: number;
  readonly record: Dossier;
}

export interface Stories {
  readonly count: number;
  readonly codeOf: (n: number) => string;
  readonly recordOf: (n: number) => Dossier;
  /** All events until now, day by day. */
  events(): Generator<Event>;
}

/**
 * The dossiers of two years up to `nowMs`, each with its steps in the order of time. A dossier is made from its number
 * alone, so that millions need no memory.
 */
export function createStories(count: number, province: Province, nowMs: number): Stories {
  const startMs = Math.floor(nowMs / DAY_MS) * DAY_MS - DAYS * DAY_MS;
  const story = (n: number): Story => tell(n, startMs + Math.floor((n * DAYS) / count) * DAY_MS, province);
  const stepsUntilNow = ({ steps }: Story): readonly Step[] => steps.filter(({ atMs }) => atMs <= nowMs);
  return {
    count,
    codeOf: (n) => story(n).base.code,
    recordOf(n) {
      const whole = story(n);
      return recordAt(whole, stepsUntilNow(whole).length - 1);
    },
    *events() {
      // By day, as numbers: records would fill the memory of the process that is measured.
      const later = new Map<number, (readonly [n: number, step: number])[]>();
      const event = (n: number, step: number): Event => ({ n, record: recordAt(story(n), step) });
      let n = 0;
      for (let day = 0; day <= DAYS; day++) {
        for (const [one, step] of later.get(day) ?? []) yield event(one, step);
        later.delete(day);
        for (; n < count && Math.floor((n * DAYS) / count) === day; n++) {
          for (const [step, { atMs }] of stepsUntilNow(story(n)).entries()) {
            const on = Math.floor((atMs - startMs) / DAY_MS);
            if (on <= day) yield event(n, step);
            else if (!later.get(on)?.push([n, step])) later.set(on, [[n, step]]);
          }
        }
      }
    },
  };
}

interface Story {
  readonly base: Omit<Dossier, 'status' | 'statusAt'>;
  readonly steps: readonly Step[];
}

function tell(n: number, dayMs: number, { agencies, services }: Province): Story {
  const dice = createDice(n * 2_654_435_761 + 7);
  const digits = (length: number): string => String(dice.whole(0, 10 ** length - 1)).padStart(length, '0');
  // Some agencies and services have ten times the dossiers of others.
  const agency = agencies[skewed(dice, agencies.length)] as CatalogueEntry;
  const service = services[skewed(dice, services.length)] as CatalogueEntry;
  const receivedMs = dayMs + dice.whole(60, 560) * MINUTE_MS;
  const termDays = dice.pick([1, 3, 5, 10, 15, 30]);
  const place = `${msToInstant(receivedMs).slice(2, 10).replaceAll('-', '')}-${String(n % 10_000_000).padStart(7, '0')}`;
  return {
    base: {
      code: `${agency.code}-${place}`,
      serviceCode: service.code,
      serviceName: service.name,
      ...(service.fieldCode !== undefined && { fieldCode: service.fieldCode }),
      ...(service.fieldName !== undefined && { fieldName: service.fieldName }),
      agencyCode: agency.code,
      agencyName: agency.name,
      channel: dice.weighted([
        ['online', 60],
        ['counter', 37],
        ['post', 3],
      ] as const),
      submittedAt: msToInstant(receivedMs - 15 * MINUTE_MS),
      receivedAt: msToInstant(receivedMs),
      dueAt: msToInstant(receivedMs + termDays * DAY_MS),
      applicant: {
        kind: 'citizen',
        name: personName(dice),
        identityKind: 'cccd',
        identityNumber: `000${digits(9)}`,
        phone: `0900${digits(6)}`,
        address: `Số ${digits(2)}, đường Thử Nghiệm, phường Minh Xuân, tỉnh Tuyên Quang`,
      },
      abstract: 'Đề nghị giải quyết thủ tục cho hộ gia đình',
      processingUnit: 'Bộ phận tiếp nhận và trả kết quả',
      resultDelivery: 'counter',
      filedAt: 'province',
      documents: [{ id: digits(8), name: 'Đơn đề nghị.pdf', url: 'https://tep.example.test/don.pdf', digitised: true }],
      fees: [{ name: 'Lệ phí', kind: 'ordinary', amountVnd: 20_000, collected: 'reception' }],
      onlinePayment: 'none',
    },
    steps: stepsOf(dice, receivedMs, termDays),
  };
}

function skewed(dice: Dice, length: number): number {
  return Math.floor(dice.next() ** 2 * length);
}

/** 2.4 steps on average. One dossier in a hundred stays open for ever. */
function stepsOf(dice: Dice, receivedMs: number, termDays: number): readonly Step[] {
  const steps: Step[] = [{ status: 'received', atMs: receivedMs }];
  const then = (status: Status, days: number): void => {
    steps.push({ status, atMs: (steps.at(-1)?.atMs ?? receivedMs) + Math.round(days * DAY_MS) });
  };
  if (dice.next() < 0.25) then('processing', termDays * 0.2 * dice.next());
  if (dice.next() < 0.05) then(dice.pick(['supplement-required', 'payment-required'] as const), termDays * 0.2);
  const end = dice.next();
  if (end < 0.01) return steps;
  if (end < 0.05) then(dice.pick(['refused', 'withdrawn', 'stopped'] as const), termDays * 0.5 * dice.next());
  else {
    const isLate = dice.next() < 0.06;
    then('resolved', isLate ? termDays * (1 + dice.next()) : termDays * (0.2 + 0.6 * dice.next()));
    if (dice.next() < 0.2) then('returned', 1 + 3 * dice.next());
  }
  return steps;
}

function recordAt({ base, steps }: Story, at: number): Dossier {
  const { status, atMs } = steps[at] as Step;
  const reached = steps.slice(0, at + 1);
  const momentOf = (one: Status): string | undefined => {
    const step = reached.find((reachedStep) => reachedStep.status === one);
    return step && msToInstant(step.atMs);
  };
  const [finishedAt, returnedAt, refusedAt] = [momentOf('resolved'), momentOf('returned'), momentOf('refused')];
  return {
    ...base,
    status,
    statusAt: msToInstant(atMs),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(returnedAt !== undefined && { returnedAt }),
    ...(refusedAt !== undefined && { refusedAt }),
  };
}
