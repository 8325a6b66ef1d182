import Type from 'typebox';
import { DAY_MS, msToInstant } from '#core/dates/dates';
import { cleanCode } from '#core/identifiers/identifiers';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { DueDossier, DueFilter, DuePlace } from '../../index/due-dossiers.ts';
import { text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { Named } from './journey.ts';
import { addList, LOOKS_AT } from './list.ts';
import type { OperatorContext } from './request.ts';

export const DueShown = closed(
  {
    code: Type.String(),
    status: oneOf(STATUSES),
    statusAt: Instant,
    dueAt: Instant,
    agency: Named,
    service: Named,
  },
  { title: 'DueDossier' },
);

/** The days from now in which the deadline lies. `overdue`: before now. */
const WITHIN = { '1': 1, '3': 3, '7': 7, '30': 30, overdue: 0 } as const;

/** Unfinished dossiers that are due soon, or overdue. */
export function addDueDossiers(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'due-dossiers',
    summary: 'Unfinished dossiers by deadline, the earliest first, without personal data',
    description: LOOKS_AT,
    filters: {
      within: Type.Optional(
        Type.Enum(Object.keys(WITHIN) as (keyof typeof WITHIN)[], {
          description: 'due within 1, 3 (the default), 7 or 30 days from now; or overdue',
        }),
      ),
      agency: text('an agency code, including the agencies below it'),
    },
    item: DueShown,
    load: (filter, many, after?: DuePlace) => hub.index.due(dueFilter(filter, hub.nowMs()), many, after),
    count: (filter) => hub.index.countDue(dueFilter(filter, hub.nowMs())),
    placeOf: ({ dueAt, code }) => [dueAt, code] as const,
    show: ({ code, status, statusAt, dueAt, ...of }: DueDossier) => ({
      code,
      status,
      statusAt,
      dueAt,
      agency: { code: of.agencyCode, name: of.agencyName },
      service: { code: of.serviceCode, name: of.serviceName },
    }),
  });
}

interface Asked {
  readonly within?: keyof typeof WITHIN;
  readonly agency?: string;
}

function dueFilter({ within = '3', agency }: Asked, nowMs: number): DueFilter {
  return {
    now: msToInstant(nowMs),
    until: within === 'overdue' ? undefined : msToInstant(nowMs + WITHIN[within] * DAY_MS),
    agency: agency === undefined ? undefined : cleanCode(agency),
  };
}
