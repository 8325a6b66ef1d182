import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { windowEndMs } from '#core/dates/windows';
import { problem } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { Incident } from '../../ledger/incidents.ts';
import type { PartyOverview } from '../../ledger/party-health.ts';
import type { Party } from '../../parties/party.ts';
import { requireKey } from '../auth.ts';
import { jsonIn } from '../language.ts';
import { Cursor, Limit, pageBy, pageOf, TOTAL } from '../lists.ts';
import { Refusal, refusalWith } from '../problem.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { IncidentShown } from './incidents.ts';
import { none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';
import { maybe, WordsShown } from './shown.ts';

export const PartyShown = closed(
  {
    party: Type.String(),
    title: Type.String({ description: 'its name: `title` of the configuration, or of its adapter' }),
    configured: Type.Boolean({ description: 'false: the configuration does not have it; its due deliveries wait' }),
    health: oneOf(['ok', 'paused', 'maintenance', 'trouble', 'away', 'not-configured']),
    adapter: maybe(Type.Object({ sends: Type.Array(Type.String()), pulls: Type.Array(Type.String()) })),
    authoritative: Type.Boolean(),
    takesFiles: Type.Boolean({ description: 'it sends files with many dossiers: see /drops' }),
    paused: maybe(closed({ at: Instant, by: maybe(Type.String()) })),
    breaker: oneOf(['closed', 'open']),
    breakers: Type.Array(closed({ process: Type.String(), state: Type.String(), since: Instant })),
    backlog: closed({
      due: Type.Integer({ description: 'the hub sends them, now or later' }),
      held: Type.Integer({ description: 'they wait until an operator resolves a cause' }),
      onItsWay: Type.Integer(),
    }),
    failed: Type.Integer({
      description: 'deliveries in the state `failed`, among the newest 10,000 that were refused or parked',
    }),
    oldestDueAt: maybe(Instant),
    lastSuccessAt: maybe(Instant),
    lastError: maybe(closed({ at: Instant, reason: Type.String(), detail: Type.String(), words: WordsShown })),
    budget: Type.Object({}),
    maintenance: Type.Array(Type.Object({})),
    maintenanceUntil: maybe(Instant),
    pulls: Type.Array(
      closed({
        name: Type.String(),
        nextAt: maybe(Type.Unsafe<string>({ ...Instant, description: 'null if its schedule has no further run' })),
        lastAt: maybe(Instant),
        lastError: maybe(Type.String()),
        words: WordsShown,
        isRunning: Type.Boolean(),
      }),
    ),
    incidents: Type.Array(IncidentShown),
    certificates: Type.Array(closed({ subject: Type.String(), validFrom: Instant, validTo: Instant }), {
      description: 'certificates in its settings and its tls, and those that sign its messages',
    }),
  },
  { title: 'Party' },
);

const Query = closed({ limit: Limit, cursor: Cursor });
const Order = closed({ why: Type.Optional(Why) });
const PullOrder = closed({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'what to pull; absent for all' })),
  why: Type.Optional(Why),
});

/** The connected systems. */
export function addParties(add: AddRoute, hub: OperatorContext): void {
  addPartyList(add, hub);
  addOneParty(add, hub);
  for (const what of ['pause', 'resume'] as const) addPause(add, hub, what);
  addPull(add, hub);
}

function addPartyList(add: AddRoute, hub: OperatorContext): void {
  const { keys, cursors } = hub;
  const readQuery = queryReader(Query);
  add(
    {
      method: 'get',
      path: `${OPS}/parties`,
      tag: TAG,
      summary: 'All parties: health, due deliveries and problems',
      description: 'Without a limit, the page has all parties.',
      scopes: ['ops:read'],
      query: Query,
      replies: {
        200: { description: 'A page, in the order of their names', schema: pageOf(PartyShown, { total: TOTAL }) },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { limit = 'Infinity', cursor } = readQuery(c);
      return jsonIn(
        c,
        await pageBy(cursors, {
          list: 'ops/parties',
          limit,
          cursor,
          load: async (many, after = '') =>
            (await shownParties(hub)).filter(({ party }) => party > after).slice(0, many),
          placeOf: ({ party }) => party,
          count: async () => (await shownParties(hub)).length,
        }),
      );
    },
  );
}

function addOneParty(add: AddRoute, hub: OperatorContext): void {
  add(
    {
      method: 'get',
      path: `${OPS}/parties/{party}`,
      tag: TAG,
      summary: 'One party, as in the list',
      scopes: ['ops:read'],
      replies: { 200: { description: 'The party', schema: PartyShown }, 404: { description: 'No such party' } },
    },
    async (c) => {
      requireKey(c, hub.keys, 'ops:read');
      const id = c.req.param('party') ?? '';
      const party = (await shownParties(hub)).find((one) => one.party === id);
      if (!party) throw none('party', id);
      return jsonIn(c, party);
    },
  );
}

function addPause(add: AddRoute, hub: OperatorContext, what: 'pause' | 'resume'): void {
  const done = Type.Object({ party: Type.String(), paused: Type.Boolean() });
  const readOrder = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/parties/{party}/${what}`,
      tag: TAG,
      summary:
        what === 'pause'
          ? 'Pause a party: every process stops at once to begin new work for it'
          : 'Resume a party; deliveries settled in the meantime stay settled',
      scopes: ['ops:configure'],
      body: { 'application/json': Order },
      replies: { 200: { description: 'The order is in effect', schema: done }, 404: { description: 'No such party' } },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:configure');
      const party = await partyOf(c, hub);
      const { why = '' } = await readOrder(c);
      await hub.orders[what](party, { who: key.id, why });
      return c.json({ party, paused: what === 'pause' });
    },
  );
}

function addPull(add: AddRoute, hub: OperatorContext): void {
  const read = orderReader(PullOrder);
  add(
    {
      method: 'post',
      path: `${OPS}/parties/{party}/pull`,
      tag: TAG,
      summary: 'Pull from a party now, whatever its schedule',
      scopes: ['ops:configure'],
      body: { 'application/json': PullOrder },
      replies: {
        202: {
          description: 'The pull begins within a second, or after the pause or the maintenance of the party',
          schema: Type.Object({
            party: Type.String(),
            pulls: Type.Array(Type.String()),
            waitsFor: maybe(oneOf(WAITS)),
          }),
        },
        404: { description: 'No such party' },
      },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:configure');
      const party = await partyOf(c, hub);
      const { name, why = '' } = await read(c);
      const known = hub.parties.get(party)?.offers.pulls ?? [];
      const pulls = name === undefined ? known : known.filter((one) => one === name);
      if (known.length === 0) throw new Refusal('bad-request', say('nothing-pulled', { got: party }));
      if (pulls.length === 0)
        throw refusalWith([
          problem('/name', 'unexpected', { got: received(name), expected: say('one-of', { list: known }) }),
        ]);
      await hub.orders.pull(party, pulls, { who: key.id, why });
      return c.json({ party, pulls, waitsFor: await waitsFor(hub, party) }, 202);
    },
  );
}

/** The states that postpone a pull. */
const WAITS = ['paused', 'maintenance'] as const;

async function waitsFor(
  { ledger, parties, nowMs }: OperatorContext,
  party: string,
): Promise<(typeof WAITS)[number] | null> {
  const known = (await ledger.parties(nowMs())).find((one) => one.party === party);
  if (known?.pausedAt) return 'paused';
  return windowEndMs(parties.get(party)?.maintenance ?? [], nowMs()) === undefined ? null : 'maintenance';
}

/** A party of the configuration or of the ledger. */
async function partyOf(c: Context, { parties, ledger, nowMs }: OperatorContext): Promise<string> {
  const party = c.req.param('party') ?? '';
  if (parties.has(party)) return party;
  if ((await ledger.parties(nowMs())).some((known) => known.party === party)) return party;
  throw none('party', party);
}

type Shown = Readonly<Record<string, unknown>> & Pick<PartyOverview, 'party'>;

async function shownParties({ ledger, parties, nowMs }: OperatorContext): Promise<readonly Shown[]> {
  const now = nowMs();
  const [known, incidents] = await Promise.all([
    ledger.parties(now),
    ledger.incidents({ isOpen: true }, 1_000, undefined),
  ]);
  return known.map((overview) => {
    const open = incidents.filter((incident) => incident.party === overview.party);
    return shownParty(overview, parties.get(overview.party), open, now);
  });
}

function shownParty(
  { pausedAt, pausedBy, lastErrorAt, lastErrorReason, lastErrorDetail, lastErrorWords, ...kept }: PartyOverview,
  party: Party | undefined,
  incidents: readonly Incident[],
  nowMs: number,
): Shown {
  const untilMs = party && windowEndMs(party.maintenance, nowMs);
  const isOpen = kept.breakers.some(({ state }) => state !== 'closed');
  const isPaused = pausedAt !== null;
  // The ledger still has pulls that the settings no longer describe.
  const pulls = kept.pulls.filter(({ name }) => party === undefined || party.offers.pulls.includes(name));
  return {
    ...kept,
    title: party?.title ?? kept.party,
    pulls,
    configured: party !== undefined,
    health: healthOf({ party, isPaused, isOpen, untilMs, incidents, pulls }),
    adapter: party?.offers ?? null,
    authoritative: party?.authoritative ?? false,
    takesFiles: party?.adapter.drops !== undefined,
    paused: isPaused ? { at: pausedAt, by: pausedBy } : null,
    breaker: isOpen ? 'open' : 'closed',
    lastError: lastErrorAt
      ? { at: lastErrorAt, reason: lastErrorReason, detail: lastErrorDetail, words: lastErrorWords }
      : null,
    budget: party?.budget ?? {},
    maintenance: party?.maintenance ?? [],
    maintenanceUntil: untilMs === undefined ? null : msToInstant(untilMs),
    incidents,
    certificates: party?.certificates() ?? [],
  };
}

function healthOf(of: {
  readonly party: Party | undefined;
  readonly isPaused: boolean;
  readonly isOpen: boolean;
  readonly untilMs: number | undefined;
  readonly incidents: readonly Incident[];
  readonly pulls: PartyOverview['pulls'];
}): string {
  if (!of.party) return 'not-configured';
  if (of.isPaused) return 'paused';
  if (of.untilMs !== undefined) return 'maintenance';
  if (of.isOpen || of.incidents.some(({ kind }) => kind === 'partner-away')) return 'away';
  return of.incidents.length > 0 || of.pulls.some(({ lastError }) => lastError !== null) ? 'trouble' : 'ok';
}
