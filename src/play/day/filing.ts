import { setTimeout as sleep } from 'node:timers/promises';
import { msToInstant } from '#core/dates/dates';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { openDesk } from '../participants/ministry-desks.ts';
import { FILED_AT, type FiledAt, type FiledAtName } from '../participants/participants.ts';
import { dayInCode } from './calendar.ts';
import type { Catalogue } from './day.ts';
import { createDice } from './dice.ts';
import { invented } from './people.ts';

/** A dossier that a citizen filed directly with a ministry or a one-stop system; the hub gets it by a pull. */
export interface Filed {
  readonly ministry: FiledAtName;
  readonly code: string;
}

const EACH = 12;
const AGENCIES = {
  construction: 'G17.01',
  transport: 'G09.20',
  agriculture: 'G12.03',
  health: 'G18.02',
  igate: 'H60.40',
} as const;

/** Citizens file all day long, by the own operations of these systems. */
export async function fileWithMinistries(
  ministries: FiledAt,
  catalogue: Catalogue,
  { seed, dayMs, signal }: { readonly seed: number; readonly dayMs: number; readonly signal: AbortSignal },
): Promise<readonly Filed[]> {
  const dice = createDice(seed + 1);
  const services = catalogue.services.filter(({ inForce }) => inForce);
  const filed: Filed[] = [];
  for (let number = 1; number <= EACH; number++) {
    for (const name of FILED_AT) {
      const ministry = ministries[name];
      const code = codeOf(name, number, Date.now());
      const service = dice.pick(services);
      const application = {
        code,
        agency: AGENCIES[name],
        service: { code: service.code, name: service.name },
        applicant: invented(dice),
      };
      await untilAcknowledged(async () => (await openDesk(ministry, signal)).file(application), signal);
      filed.push({ ministry: name, code });
    }
    await sleep((dayMs * 0.8) / EACH, undefined, { signal });
  }
  return filed;
}

function codeOf(ministry: FiledAtName, number: number, nowMs: number): string {
  return `${AGENCIES[ministry]}-${dayInCode(msToInstant(nowMs))}-${900_000 + number}`;
}
