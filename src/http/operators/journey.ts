import Type from 'typebox';
import { finishOf } from '#core/dossier/status';
import { cleanCode } from '#core/identifiers/identifiers';
import { type Dossier, STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { DelaysShown } from '../dossier-replies.ts';
import { foundOf } from '../dossiers.ts';
import { jsonIn } from '../language.ts';
import type { AddRoute } from '../route.ts';
import { MessageShown } from './messages.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';
import { DeliveryShown, maybe, WaitingShown } from './shown.ts';

/** A code and what it means. */
export const Named = closed({
  code: Type.String(),
  name: maybe(Type.String({ description: 'its name in the catalogue' })),
});

export const JourneyShown = closed(
  {
    code: Type.String(),
    status: oneOf(STATUSES),
    statusAt: Instant,
    dueAt: maybe(Instant),
    finishedAt: maybe(Type.Unsafe<string>({ ...Instant, description: 'when the office had nothing more to do' })),
    agency: Named,
    service: Named,
    messages: Type.Array(
      closed({
        ...MessageShown.properties,
        events: Type.Array(
          closed({
            kind: Type.String({ description: 'dossier or progress' }),
            status: oneOf(STATUSES),
            at: Instant,
            movedStatus: Type.Boolean(),
            anomaly: maybe(Type.String()),
          }),
          { description: 'what the message changed in this dossier' },
        ),
      }),
    ),
    waits: Type.Array(WaitingShown),
    deliveries: Type.Array(
      closed({
        ...DeliveryShown.properties,
        tries: Type.Array(
          closed({
            at: Type.Unsafe<string>({ ...Instant, description: 'when its outcome was known' }),
            tookMs: Type.Integer(),
            outcome: Type.String(),
            reason: maybe(Type.String()),
          }),
        ),
      }),
    ),
    delays: DelaysShown,
    isWhole: Type.Boolean({ description: 'false: the hub holds earlier messages, waits, deliveries or attempts, too' }),
  },
  { title: 'Journey' },
);

/** The way of one dossier through all systems. */
export function addJourney(add: AddRoute, hub: OperatorContext): void {
  const { keys, index, ledger, catalogue, delays } = hub;
  add(
    {
      method: 'get',
      path: `${OPS}/dossiers/{code}/journey`,
      tag: TAG,
      summary: 'The way of a dossier through all systems: messages, waits, deliveries, attempts and delays',
      description:
        'By any of its codes, without personal data. Each list is in the order of time and has its newest 100 entries. `delays` are seconds of working time, as in the history.',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The journey', schema: JourneyShown },
        404: { description: 'No such dossier' },
        409: { description: 'Several dossiers have this code; the detail lists them' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const asked = cleanCode(c.req.param('code') ?? '');
      const found = foundOf(await index.one(asked), asked);
      const dossier = JSON.parse(found.json) as Dossier;
      const { code, status, statusAt, dueAt = null } = dossier;
      const [journey, delayed, agency, service] = await Promise.all([
        ledger.journey(code),
        delays.of(dossier),
        catalogue.one('agency', dossier.agencyCode),
        catalogue.one('service', dossier.serviceCode),
      ]);
      return jsonIn(c, {
        code,
        status,
        statusAt,
        dueAt,
        finishedAt: finishOf(dossier) ?? null,
        agency: { code: dossier.agencyCode, name: nameOf(agency) },
        service: { code: dossier.serviceCode, name: nameOf(service) },
        ...journey,
        delays: delayed,
      });
    },
  );
}

function nameOf(entry: { readonly record: unknown } | undefined): string | null {
  return entry ? (entry.record as { readonly name: string }).name : null;
}
