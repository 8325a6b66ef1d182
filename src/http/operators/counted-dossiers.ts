import Type from 'typebox';
import { finishOf } from '#core/dossier/status';
import { type Dossier, STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { pageOf } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { countedPage, DossiersQuery } from '../statistics.ts';
import { Named } from './journey.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

export const CountedShown = closed(
  {
    code: Type.String(),
    status: oneOf(STATUSES),
    statusAt: Instant,
    dueAt: maybe(Instant),
    finishedAt: maybe(Instant),
    agency: Named,
    service: Named,
  },
  { title: 'CountedDossier' },
);

/** The dossiers behind a number of the statistics, for officers without index:read. No personal data. */
export function addCountedDossiers(add: AddRoute, hub: OperatorContext): void {
  const read = queryReader(DossiersQuery);
  add(
    {
      method: 'get',
      path: `${OPS}/statistics/dossiers`,
      tag: TAG,
      summary: 'The dossiers that one number of the statistics counts, without personal data',
      description: 'The parameters are those of /api/v1/statistics/dossiers.',
      scopes: ['ops:read'],
      query: DossiersQuery,
      replies: { 200: { description: 'A page', schema: pageOf(CountedShown) } },
    },
    async (c) => {
      requireKey(c, hub.keys, 'ops:read');
      const { items, next } = await countedPage(hub, 'ops/statistics/dossiers', read(c));
      const dossiers = items.map(({ json }) => JSON.parse(json) as Dossier);
      const [agency, service] = await Promise.all([
        hub.catalogue.names(
          'agency',
          dossiers.map(({ agencyCode }) => agencyCode),
        ),
        hub.catalogue.names(
          'service',
          dossiers.map(({ serviceCode }) => serviceCode),
        ),
      ]);
      return c.json({ items: dossiers.map((dossier) => shown(dossier, { agency, service })), next });
    },
  );
}

interface Names {
  agency(code: string): string | null;
  service(code: string): string | null;
}

function shown(dossier: Dossier, names: Names): Type.Static<typeof CountedShown> {
  const { code, status, statusAt, dueAt = null, agencyCode, serviceCode } = dossier;
  return {
    code,
    status,
    statusAt,
    dueAt,
    finishedAt: finishOf(dossier) ?? null,
    agency: { code: agencyCode, name: names.agency(agencyCode) },
    service: { code: serviceCode, name: names.service(serviceCode) },
  };
}
