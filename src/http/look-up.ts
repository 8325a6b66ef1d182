import Type from 'typebox';
import { typedCode } from '#core/identifiers/identifiers';
import { withoutUndefined } from '#core/without-undefined';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { Dossier } from '#schemas/dossier.upsert.v1';
import { closed } from '#schemas/parts';
import type { CatalogueReader } from '../catalogue/read.ts';
import type { AppContext } from './app-context.ts';
import { createLookUpLimit } from './look-up-limit.ts';
import { PublicPayment, PublicPostalOrder, readDossierRecords } from './public/dossier-records.ts';
import { MOST_STEPS, PublicStep } from './public/dossier-steps.ts';
import { findProven } from './public/prove.ts';
import { type AddRoute, queryReader } from './route.ts';

export type LookUpContext = Pick<
  AppContext,
  'reads' | 'records' | 'kinds' | 'requestLimits' | 'clients' | 'telemetry' | 'vault' | 'nowMs'
>;

const Query = closed({
  // Errors never quote the input, because a citizen may enter more digits than requested.
  proof: Type.String({
    pattern: '^[0-9]{4}$',
    writeOnly: true,
    description: EN['schema.proof'],
  }),
});

/** The members that a citizen sees of a dossier. */
const MEMBERS = [
  'code',
  'serviceCode',
  'serviceName',
  'fieldName',
  'agencyCode',
  'agencyName',
  'processingUnit',
  'status',
  'statusAt',
  'submittedAt',
  'receivedAt',
  'dueAt',
  'finishedAt',
  'returnedAt',
  'refusedAt',
] as const;

const PublicDossier = Type.Object(
  {
    ...Object.fromEntries(
      Object.entries(Dossier.properties).filter(([name]) => (MEMBERS as readonly string[]).includes(name)),
    ),
    applicant: Type.Optional(closed({ name: Type.String({ description: 'masked' }) })),
    steps: Type.Optional(Type.Array(PublicStep)),
    payments: Type.Optional(Type.Array(PublicPayment)),
    rated: Type.Optional(Type.Literal(true, { description: 'the dossier has a rating' })),
    postalOrders: Type.Optional(Type.Array(PublicPostalOrder)),
  },
  { additionalProperties: false, title: 'PublicDossier', description: 'A dossier as a citizen without a key sees it' },
);

/** A citizen without a key looks up a dossier by its code and a proof. */
export function addLookUp(add: AddRoute, hub: LookUpContext): void {
  const readQuery = queryReader(Query);
  const limit = createLookUpLimit(hub);
  add(
    {
      method: 'get',
      path: '/api/public/dossiers/{code}',
      tag: 'Citizens',
      summary: 'The progress of a dossier, for a client that knows its code and a proof',
      description:
        'Needs no key. An unknown code and a wrong proof get the same answer after the same time. ' +
        'One client (an IPv4 address, or an IPv6 network of 56 bits) may send 60 requests a minute and 60 wrong proofs an hour. ' +
        'It may send 10 wrong proofs an hour for one dossier. All clients together may send 100 an hour and 300 a day for one dossier. A client that proved the dossier within a month is exempt from that total. ' +
        'All codes and spellings of a dossier share these limits, and so do the spellings of an unknown code. ' +
        '`payments` and `postalOrders` have the newest 20 of each, and are absent without any. ' +
        'A `receiptUrl` that begins with `/api/public/` opens a receipt that the hub stores. It needs no key and works for 15 minutes. ' +
        `\`steps\` are the first ${MOST_STEPS} that moved the status. ` +
        '`serviceName` and `agencyName` are those of the catalogue where the dossier has none. ' +
        'Pages of any origin may ask.',
      freshness: 'many',
      query: Query,
      problems: ['bad-request', 'too-often', 'unavailable'],
      replies: {
        200: { description: 'The dossier, with the name of the applicant masked', schema: PublicDossier },
        404: { description: 'No dossier with this code and this proof' },
      },
    },
    async (c) => {
      // Pages of other portals may ask, see src/pages/embed. The reply holds what anybody with the proof may read.
      c.header('Access-Control-Allow-Origin', '*');
      const { proof } = readQuery(c);
      const code = typedCode(c.req.param('code') ?? '');
      const { code: own, masked } = await findProven(c, hub, {
        code,
        proof,
        limit,
        notFound: say('no-dossier-with-proof'),
        find: () => hub.reads.of(c).lookUp(code),
      });
      // The records from the primary: a citizen who has just paid or rated looks for it here.
      const dossier = JSON.parse(masked) as Masked;
      const [{ payments, postalOrders, isRated }, steps, names] = await Promise.all([
        readDossierRecords(hub, own, dossier.status),
        hub.reads.of(c).index.statusSteps(own, MOST_STEPS),
        namesOf(hub.reads.of(c).catalogue, dossier),
      ]);
      const shown = {
        ...shownOf({ ...names, ...dossier }),
        steps: steps.length > 0 ? steps : undefined,
        payments: payments.length > 0 ? payments : undefined,
        postalOrders: postalOrders.length > 0 ? postalOrders : undefined,
        rated: isRated || undefined,
      };
      return c.json(shown, 200, { 'Cache-Control': 'no-store' });
    },
  );
}

/** A dossier as readers without index:personal see it. */
type Masked = Readonly<Record<string, unknown>> & Pick<Dossier, 'status' | 'serviceCode' | 'agencyCode'>;

/** The names in the catalogue of the service and the agency. Citizens know no codes. */
async function namesOf({ one }: Pick<CatalogueReader, 'one'>, { serviceCode, agencyCode }: Masked): Promise<object> {
  const [service, agency] = await Promise.all([one('service', serviceCode), one('agency', agencyCode)]);
  const nameOf = (entry: typeof service) => (entry?.record as { readonly name: string } | undefined)?.name;
  return withoutUndefined({ serviceName: nameOf(service), agencyName: nameOf(agency) });
}

function shownOf(masked: Masked): object {
  const { name } = (masked.applicant ?? {}) as { name?: string };
  return {
    ...Object.fromEntries(MEMBERS.filter((member) => member in masked).map((member) => [member, masked[member]])),
    applicant: name !== undefined ? { name } : undefined,
  };
}
