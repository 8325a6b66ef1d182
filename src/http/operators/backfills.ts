import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { problem } from '#core/problem';
import type { Kinds } from '#core/records/kinds';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { closed } from '#schemas/parts';
import type { Backfill } from '../../operator-orders/backfill.ts';
import { requireKey } from '../auth.ts';
import { DOSSIER_FILTER, filterOf } from '../dossier-filter.ts';
import { filterText, valuesOf } from '../lists.ts';
import { type Refusal, refusalWith, wrongParameter } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { neededWhy, PER_SECOND, ReplayShown, RUN_ORDER } from './replays.ts';
import { none, OPS, type OperatorContext, ofBody, orderReader, TAG } from './request.ts';
import { maybe } from './shown.ts';

const Order = closed({
  ...DOSSIER_FILTER,
  kind: filterText(
    'a kind of record such as question, filtered by `state`, `agency` and `field` alone; without it dossiers',
  ),
  state: filterText('states of records of the kind, joined by commas'),
  ...RUN_ORDER,
});

export const BackfillPreviewShown = closed(
  {
    looked: closed({
      dossiers: Type.Integer({ description: 'dossiers, or records of the kind, in the index that match the filter' }),
      isAll: Type.Boolean({ description: 'false: the preview stopped after ten seconds, and this is only a part' }),
    }),
    never: Type.Integer({ description: 'dossiers that the party never received' }),
    older: Type.Integer({ description: 'dossiers that it received only in an older version' }),
    erased: Type.Integer({ description: 'dossiers whose personal data was erased; they are never delivered' }),
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
export function addBackfills(add: AddRoute, { keys, kinds, ledger, orders, parties, nowMs }: OperatorContext): void {
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/parties/{party}/backfill`,
      tag: TAG,
      summary: 'Send a party the dossiers or records on its routes that have no delivery, or preview them',
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
      const filter = ofBody(() => soughtIn(kinds, given, nowMs()));
      if (!orders.isRoutedTo(party, filter.operation)) throw refusalWith([problem('', 'not-routed-there', { party })]);
      const order = { ...filter, party, untold: true } as const;
      if (preview) return c.json(await orders.previewBackfill(order));
      const id = await orders.startBackfill(order, perSecond, { who: key.id, why: neededWhy(why) });
      return c.json(await ledger.replay(id), 202);
    },
  );
}

type Sought = Omit<Type.Static<typeof Order>, keyof typeof RUN_ORDER>;
type Filter = Omit<Backfill, 'party' | 'untold'>;

/** @throws Refusal 400 that names the member */
function soughtIn(kinds: Kinds, { kind: name, state, ...filter }: Sought, nowMs: number): Filter {
  if (name === undefined) {
    if (state !== undefined) throw unexpected('state', state, say('only-with-a-kind'));
    return filterOf(filter, nowMs);
  }
  const kind = kinds.byName(name);
  if (!kind) throw unexpected('kind', name, say('one-of', { list: kinds.all.map((one) => one.name) }));
  const { agency, field, ...others } = filter;
  for (const [member, got] of Object.entries(others))
    if (got !== undefined) throw unexpected(member, got, say('only-of-dossiers'));
  return {
    operation: kind.operation,
    state: state === undefined ? undefined : valuesOf('state', state, kind.states),
    agency: agency === undefined ? undefined : cleanCode(agency),
    field: field === undefined ? undefined : cleanCode(field),
  };
}

function unexpected(member: string, got: string, expected: Words): Refusal {
  return wrongParameter(member, 'unexpected', { got: received(got), expected });
}
