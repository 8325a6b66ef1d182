import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import type { Kind } from '#core/records/kind';
import { closed } from '#schemas/parts';
import { Criterion } from '#schemas/rating.v1';
import type { AppContext } from './app-context.ts';
import { readerOf } from './personal-reader.ts';
import { noRecord } from './records.ts';
import { type AddRoute, conditional } from './route.ts';

type CriteriaContext = Pick<AppContext, 'reads' | 'kinds' | 'keys'>;

interface Given {
  readonly code: string;
  readonly dossierCode: string;
  readonly stateAt: string;
  readonly criteria?: readonly { readonly no: number; readonly points: number; readonly source?: string }[];
}

/** The criteria of a record: those that it names, and those that the hub computes from how its dossier was handled. */
export function addRecordCriteria(add: AddRoute, hub: CriteriaContext): void {
  for (const kind of hub.kinds.all) if (kind.computes) addCriteria(add, hub, kind, kind.computes);
}

function addCriteria(
  add: AddRoute,
  { reads, keys }: CriteriaContext,
  kind: Kind,
  computes: NonNullable<Kind['computes']>,
): void {
  add(
    {
      method: 'get',
      path: `/api/v1/${kind.path}/{code}/criteria`,
      tag: 'Records',
      summary: `The criteria of one ${kind.names.en[0]}, with those that the hub computes`,
      description:
        'The hub computes from what it has now: 1 total time, 2 time per agency, 8 petitions to the agency that were due in the ' +
        'quarter, 9 online progress. Each has the source `computed`. A criterion without facts is left out. The points of the ' +
        'citizen come first where both exist.',
      scopes: ['index:read'],
      conditional: true,
      freshness: 'one',
      replies: {
        200: {
          description: 'The criteria in their order',
          schema: closed({ code: Type.String(), dossierCode: Type.String(), criteria: Type.Array(Criterion) }),
        },
        404: { description: 'No record of this kind has this code' },
      },
    },
    async (c) => {
      readerOf(c, keys);
      const { records, handlingOf } = reads.of(c);
      const asked = cleanCode(c.req.param('code') ?? '');
      const found = await records.one(kind, asked, false);
      if (!found) throw noRecord(kind, asked);
      const { code, dossierCode, stateAt, criteria = [] } = JSON.parse(found.json) as Given;
      const facts = await handlingOf(dossierCode, stateAt);
      const computed = facts ? computes(facts).map((one) => ({ ...one, source: 'computed' as const })) : [];
      const given = criteria.map(({ source = 'citizen', ...one }) => ({ ...one, source }));
      const all = [...given, ...computed].sort((one, other) => one.no - other.no);
      return conditional(c, JSON.stringify({ code, dossierCode, criteria: all }));
    },
  );
}
