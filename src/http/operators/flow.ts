import Type from 'typebox';
import { DAY_MS, msToInstant, VIETNAM_MS } from '#core/dates/dates';
import { failuresOf, partyFlows, seriesOf } from '#core/flow/flow';
import { closed, Instant } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { NoParameters, text } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

const Query = closed({
  period: Type.Optional(
    Type.Enum(['hour', 'month'], {
      description: 'hour: the last 60 minutes by minute (the default). month: the last 30 days by day',
    }),
  ),
  party: text('only this party'),
});

const Many = Type.Integer({ minimum: 0 });
const Within = maybe(
  Type.Integer({ description: 'milliseconds: an upper end of durations such as 50, 100, 200, 500, 1000' }),
);

export const FlowShown = closed(
  {
    from: Instant,
    to: Instant,
    steps: Type.Array(closed({ at: Instant, received: Many, delivered: Many, failed: Many }), {
      description: 'received messages, and attempts that delivered or failed, of each minute or day',
    }),
    failures: Type.Array(closed({ party: Type.String(), reason: Type.String(), many: Many, lastAt: Instant }), {
      description: 'failed attempts by party and reason, the most frequent first',
    }),
    parties: Type.Array(
      closed({
        party: Type.String(),
        received: Many,
        delivered: Many,
        failed: Many,
        medianMs: Within,
        p95Ms: Within,
        p99Ms: Within,
      }),
    ),
  },
  { title: 'Flow' },
);

export const RouteShown = closed(
  {
    from: Type.String(),
    to: Type.String(),
    operation: Type.String(),
    isNarrowed: Type.Boolean({ description: 'only for some services, fields or a share of the dossiers' }),
  },
  { title: 'Route' },
);

const MINUTE_MS = 60_000;
const PERIODS = {
  hour: { span: 'minute', stepMs: MINUTE_MS, many: 60 },
  month: { span: 'hour', stepMs: DAY_MS, many: 30 },
} as const;

/** How much flows, and along which routes. */
export function addFlow(add: AddRoute, { keys, ledger, flow, nowMs }: OperatorContext): void {
  const read = queryReader(Query);
  add(
    {
      method: 'get',
      path: `${OPS}/flow`,
      tag: TAG,
      summary: 'Messages and attempts of the last hour or month, with failures and durations',
      description: 'The hub counts them as they happen. A process that dies loses the counts of its last seconds.',
      scopes: ['ops:read'],
      query: Query,
      replies: { 200: { description: 'The flow', schema: FlowShown } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { period = 'hour', party } = read(c);
      await flow.flush();
      const { span, stepMs, many } = PERIODS[period];
      // Days begin at midnight in Vietnam. The last step is the present one.
      const toMs = (Math.floor((nowMs() + VIETNAM_MS) / stepMs) + 1) * stepMs - VIETNAM_MS;
      const fromMs = toMs - many * stepMs;
      const counts = await ledger.flow(span, fromMs, party);
      return c.json({
        from: msToInstant(fromMs),
        to: msToInstant(toMs),
        steps: seriesOf(counts, fromMs, toMs, stepMs).map(({ sinceMs, ...step }) => ({
          at: msToInstant(sinceMs),
          ...step,
        })),
        failures: failuresOf(counts).map(({ lastMs, ...one }) => ({ ...one, lastAt: msToInstant(lastMs) })),
        parties: partyFlows(counts),
      });
    },
  );
}

/** The configured routes: sender, operation and receivers. */
export function addRoutes(add: AddRoute, { keys, routes }: Pick<OperatorContext, 'keys' | 'routes'>): void {
  const read = queryReader(NoParameters);
  add(
    {
      method: 'get',
      path: `${OPS}/routes`,
      tag: TAG,
      summary: 'Who sends what to whom, by the configuration',
      scopes: ['ops:read'],
      asksDatabase: false,
      query: NoParameters,
      replies: {
        200: { description: 'The routes', schema: closed({ items: Type.Array(RouteShown) }) },
      },
    },
    (c) => {
      requireKey(c, keys, 'ops:read');
      read(c);
      const items = routes.flatMap(({ from, to, operation, services, fields, share }) =>
        to.map((one) => ({
          from,
          to: one,
          operation,
          isNarrowed: services !== undefined || fields !== undefined || share !== undefined,
        })),
      );
      return c.json({ items });
    },
  );
}
