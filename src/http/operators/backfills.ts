import Type from 'typebox';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { DOSSIER_FILTER, filterOf } from '../dossier-filter.ts';
import type { AddRoute } from '../route.ts';
import { neededWhy, PER_SECOND, ReplayShown, RUN_ORDER } from './replays.ts';
import { badOrder, none, OPS, type OperatorContext, ofBody, orderReader, TAG } from './request.ts';
import { maybe } from './shown.ts';

const Order = closed({ ...DOSSIER_FILTER, ...RUN_ORDER });

export const BackfillPreviewShown = closed(
  {
    looked: closed({
      dossiers: Type.Integer({ description: 'of the index, by the filter' }),
      isAll: Type.Boolean({ description: 'false: it took ten seconds, and these are a part' }),
    }),
    never: Type.Integer({ description: 'dossiers of which the party was never told' }),
    older: Type.Integer({ description: 'dossiers of which it was told an older version, and nothing of a newer one' }),
    sample: Type.Array(
      closed({
        code: Type.String(),
        version: Type.Integer({ description: 'the version that it would get' }),
        told: maybe(Type.Integer({ description: 'the newest version that a delivery to it is about' })),
      }),
    ),
  },
  { title: 'BackfillPreview' },
);

/** Tell a party what the routes say that it should know, and no delivery was ever about. */
export function addBackfills(add: AddRoute, { keys, ledger, orders, parties, nowMs }: OperatorContext): void {
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/parties/{party}/backfill`,
      tag: TAG,
      summary: 'Tell a party of the dossiers that its routes lead to it and no delivery is about; first as a preview',
      description:
        'For a party or a route that is new, or one that was away from the configuration. Each dossier is told once, as it is ' +
        'then, after a look-up; what is delivered, due, refused or parked already is left to a replay. A run goes on at its ' +
        'rate when a process dies, is listed under replays, and is stopped there. To begin one, say why.',
      scopes: ['ops:replay'],
      body: { 'application/json': Order },
      replies: {
        200: { description: 'The preview', schema: BackfillPreviewShown },
        202: { description: 'The run that has begun', schema: ReplayShown },
        404: { description: 'No such party in the configuration' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:replay');
      const party = c.req.param('party') ?? '';
      if (!parties.has(party)) throw none('party', party);
      const { preview, perSecond = PER_SECOND, why, ...given } = await read(c);
      if (!orders.isRoutedTo(party))
        throw badOrder([
          {
            path: '',
            message: `is about ${party}, and no route leads dossier.upsert.v1 to it; expected one that does`,
          },
        ]);
      const order = { party, untold: true, ...ofBody(() => filterOf(given, nowMs())) } as const;
      if (preview) return c.json(await orders.previewBackfill(order));
      const id = await orders.startBackfill(order, perSecond, { who: key.id, why: neededWhy(why) });
      return c.json(await ledger.replay(id), 202);
    },
  );
}
