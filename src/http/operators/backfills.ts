import Type from 'typebox';
import { problem } from '#core/problem';
import { closed } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { DOSSIER_FILTER, filterOf } from '../dossier-filter.ts';
import { refusalWith } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { neededWhy, PER_SECOND, ReplayShown, RUN_ORDER } from './replays.ts';
import { none, OPS, type OperatorContext, ofBody, orderReader, TAG } from './request.ts';
import { maybe } from './shown.ts';

const Order = closed({ ...DOSSIER_FILTER, ...RUN_ORDER });

export const BackfillPreviewShown = closed(
  {
    looked: closed({
      dossiers: Type.Integer({ description: 'dossiers in the index that match the filter' }),
      isAll: Type.Boolean({ description: 'false: the preview stopped after ten seconds, and this is only a part' }),
    }),
    never: Type.Integer({ description: 'dossiers that the party never received' }),
    older: Type.Integer({ description: 'dossiers that it received only in an older version' }),
    sample: Type.Array(
      closed({
        code: Type.String(),
        version: Type.Integer({ description: 'the version that the party would get' }),
        told: maybe(Type.Integer({ description: 'the newest version in a delivery to the party' })),
      }),
    ),
  },
  { title: 'BackfillPreview' },
);

/** Sends a party the dossiers of its routes that have no delivery yet. */
export function addBackfills(add: AddRoute, { keys, ledger, orders, parties, nowMs }: OperatorContext): void {
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/parties/{party}/backfill`,
      tag: TAG,
      summary: 'Send a party the dossiers on its routes that have no delivery, or preview them',
      description:
        'For a party or a route that is new or was missing in the configuration. The hub sends each dossier once, in its current ' +
        'state, after a look-up. It skips dossiers whose delivery is delivered, due, refused or parked: use a replay for those. A run continues at its ' +
        'rate when a process dies. The list of replays has it, and stops it. To begin a run, give a reason.',
      scopes: ['ops:replay'],
      body: { 'application/json': Order },
      replies: {
        200: { description: 'The preview', schema: BackfillPreviewShown },
        202: { description: 'The started run', schema: ReplayShown },
        404: { description: 'No such party in the configuration' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:replay');
      const party = c.req.param('party') ?? '';
      if (!parties.has(party)) throw none('party', party);
      const { preview, perSecond = PER_SECOND, why, ...given } = await read(c);
      if (!orders.isRoutedTo(party)) throw refusalWith([problem('', 'not-routed-there', { party })]);
      const order = { ...ofBody(() => filterOf(given, nowMs())), party, untold: true } as const;
      if (preview) return c.json(await orders.previewBackfill(order));
      const id = await orders.startBackfill(order, perSecond, { who: key.id, why: neededWhy(why) });
      return c.json(await ledger.replay(id), 202);
    },
  );
}
