import Type from 'typebox';
import { DAY_MS, msToInstant } from '#core/dates/dates';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { periodOf, text } from '../lists.ts';
import { wrongParameter } from '../problem.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { none, OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

const Query = closed({
  with: text('the other party'),
  from: text('deliveries created from: a date, or a time with a zone; the default is a week ago'),
  to: text('until: a date, or a time with a zone; the default is now'),
});

const StateShown = closed({
  state: oneOf(['delivered', 'refused', 'parked', 'due', 'held', 'none']),
  reason: maybe(Type.String()),
});
const TakingShown = closed({ median: Type.Number(), p95: Type.Number() });

export const ComparedShown = closed(
  {
    party: Type.String(),
    with: Type.String(),
    from: Instant,
    to: Instant,
    agreement: maybe(
      Type.Number({ description: 'the share of equal answers among those that both gave finally: 0 to 1' }),
    ),
    pairs: Type.Array(
      closed({
        left: StateShown,
        right: StateShown,
        deliveries: Type.Integer(),
        dossiers: Type.Integer(),
        sample: Type.Array(closed({ code: Type.String(), left: maybe(Type.Integer()), right: maybe(Type.Integer()) }), {
          description: 'dossier codes and delivery ids, newest first',
        }),
      }),
      { description: 'deliveries of the same events by their results (none: there is no such delivery)' },
    ),
    taking: maybe(
      closed(
        { left: TakingShown, right: TakingShown },
        { description: 'seconds until each accepted what both accepted' },
      ),
    ),
  },
  { title: 'Compared' },
);

const WEEK_MS = 7 * DAY_MS;

/** Compares the results of the same events at two parties, for a system that will replace another one. */
export function addCompared(add: AddRoute, { keys, ledger, parties, nowMs }: OperatorContext): void {
  const read = queryReader(Query);
  add(
    {
      method: 'get',
      path: `${OPS}/parties/{party}/compared`,
      tag: TAG,
      summary: 'Compare the results of the same events at this party and at another one',
      description: 'For a system that will replace another one, while both receive the same deliveries.',
      scopes: ['ops:read'],
      query: Query,
      replies: {
        200: { description: 'Left is this party, right the other one', schema: ComparedShown },
        404: { description: 'No such party' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { with: other, ...given } = read(c);
      const period = periodOf(given);
      const known = new Set([...parties.keys(), ...(await ledger.parties(nowMs())).map(({ party }) => party)]);
      const party = c.req.param('party') ?? '';
      if (!known.has(party)) throw none('party', party);
      if (other === undefined || other === party || !known.has(other)) {
        const others = [...known].filter((one) => one !== party).sort();
        throw wrongParameter('with', 'unexpected', { got: received(other), expected: say('one-of', { list: others }) });
      }
      const to = period.to ?? msToInstant(nowMs());
      const from = period.from ?? msToInstant(nowMs() - WEEK_MS);
      return c.json({
        party,
        with: other,
        from,
        to,
        ...(await ledger.compared({ left: party, right: other, from, to })),
      });
    },
  );
}
