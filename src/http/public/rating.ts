import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { typedCode } from '#core/identifiers/identifiers';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { closed } from '#schemas/parts';
import { Rating } from '#schemas/rating.v1';
import type { AppContext } from '../app-context.ts';
import { networkOf } from '../clients.ts';
import { createLookUpLimit } from '../look-up-limit.ts';
import type { AddRoute } from '../route.ts';
import { findProven } from './prove.ts';
import {
  IdempotencyKey,
  publicBodyReader,
  SUBMIT_PROBLEMS,
  SUBMIT_REPLIES,
  Submitted,
  submitRecord,
} from './submit.ts';

export type PublicRatingContext = Pick<
  AppContext,
  'bodies' | 'kinds' | 'pipeline' | 'lookUp' | 'requestLimits' | 'clients' | 'telemetry' | 'nowMs'
>;

const { level, reason, comment } = Rating.properties;

/** A citizen's rating, with the proof of the dossier. */
const NewRating = closed(
  {
    // Errors never quote the input, because a citizen may enter more digits than requested.
    proof: Type.String({
      pattern: '^[0-9]{4}$',
      writeOnly: true,
      description: EN['schema.proof'],
    }),
    level,
    reason,
    criteria: Type.Optional(
      Type.Array(
        closed({
          no: Type.Integer({ minimum: 1, maximum: 11 }),
          points: Type.Integer({ minimum: 0, maximum: 2 }),
        }),
        { maxItems: 11 },
      ),
    ),
    comment,
  },
  { title: 'NewRating' },
);

/** A citizen without a key rates a finished dossier. */
export function addPublicRating(add: AddRoute, hub: PublicRatingContext): void {
  const kind = hub.kinds.byName('rating');
  if (!kind) return;
  const limit = createLookUpLimit(hub);
  const readBody = publicBodyReader(hub, NewRating);
  add(
    {
      method: 'post',
      path: '/api/public/dossiers/{code}/rating',
      tag: 'Citizens',
      summary: 'Rate a finished dossier',
      description:
        'Needs no key. An unknown code and a wrong proof get the same answer after the same time. The limits are those of the look-up of a dossier. One rating for each dossier. With an `Idempotency-Key`, a repeated request gets the answer to the first one.',
      headers: { 'Idempotency-Key': IdempotencyKey },
      body: { 'application/json': NewRating },
      problems: SUBMIT_PROBLEMS,
      replies: {
        ...SUBMIT_REPLIES,
        200: { description: 'The same rating as before', schema: Submitted },
        404: { description: 'No dossier with this code and this proof' },
      },
    },
    async (c) => {
      await limit.countVisit(networkOf(hub.clients.addressOf(c) ?? ''));
      const { proof, criteria, ...rating } = await readBody(c);
      const code = typedCode(c.req.param('code') ?? '');
      const dossier = await findProven(c, hub, {
        code,
        proof,
        limit,
        isVisitCounted: true,
        notFound: say('no-dossier-with-proof'),
        find: () => hub.lookUp(code),
      });
      const record = {
        dossierCode: dossier.code,
        ratedAt: msToInstant(hub.nowMs()),
        ...rating,
        criteria: criteria?.map((one) => ({ ...one, source: 'citizen' })),
      };
      // Without the moment, at which a repeat differs.
      return submitRecord(c, hub, kind, record, { dossierCode: dossier.code, ...rating, criteria });
    },
  );
}
