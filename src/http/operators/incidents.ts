import Type from 'typebox';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { Cursor, Limit, pageOf, periodOf, text } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { OPS, type OperatorMeans, pageBy, TAG } from './request.ts';
import { maybe } from './shown.ts';

export const IncidentShown = closed(
  {
    id: Type.Integer(),
    party: Type.String(),
    kind: Type.String(),
    cause: Type.String(),
    openedAt: Instant,
    closedAt: maybe(Instant),
  },
  { title: 'Incident' },
);
const IncidentQuery = closed({
  state: Type.Optional(oneOf(['open', 'all'])),
  party: text('the party that it is about'),
  limit: Limit,
  cursor: Cursor,
});

export const AuditShown = closed(
  {
    id: Type.Integer(),
    at: Instant,
    actor: Type.String({ description: 'the id of a key' }),
    action: Type.String(),
    subject: Type.String(),
    why: maybe(Type.String()),
    position: Type.Integer({ description: 'its place in the chain of all entries' }),
    link: Type.String({
      description:
        'SHA-256, in hexadecimal, of the bytes of the link before it (of the first entry: SHA-256 of nothing) and the UTF-8 of ' +
        '[position, milliseconds of at since 1970, actor, action, subject, why] as JSON with a blank behind each comma',
    }),
  },
  { title: 'AuditEntry' },
);
const AuditQuery = closed({
  actor: text('the id of a key'),
  action: text('an action such as delivery.replay'),
  from: text('from: a date, or a time with a zone'),
  to: text('to: a date, or a time with a zone'),
  limit: Limit,
  cursor: Cursor,
});

/** What is wrong or was, and who did what. */
export function addIncidentsAndAudit(add: AddRoute, { keys, ledger, cursors }: OperatorMeans): void {
  const readIncidents = queryReader(IncidentQuery);
  add(
    {
      method: 'get',
      path: `${OPS}/incidents`,
      tag: TAG,
      summary: 'Incidents, the newest first: the open ones, or all',
      scopes: ['ops:read'],
      query: IncidentQuery,
      replies: { 200: { description: 'A page', schema: pageOf(IncidentShown) } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { limit, cursor, party, state = 'open' } = readIncidents(c);
      return c.json(
        await pageBy(cursors, {
          ...{ list: `ops/incidents ${state}`, limit, cursor },
          load: (many, before) =>
            ledger.incidents({ isOpen: state === 'open', party }, many, before as number | undefined),
          placeOf: (one) => one.id,
        }),
      );
    },
  );
  const readAudit = queryReader(AuditQuery);
  add(
    {
      method: 'get',
      path: `${OPS}/audit`,
      tag: TAG,
      summary: 'Who did what, the newest first',
      scopes: ['ops:read'],
      query: AuditQuery,
      replies: { 200: { description: 'A page', schema: pageOf(AuditShown) } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { limit, cursor, from, to, ...same } = readAudit(c);
      const filter = {
        ...same,
        ...periodOf({ from, to }),
      };
      return c.json(
        await pageBy(cursors, {
          ...{ list: 'ops/audit', limit, cursor },
          load: (many, before) => ledger.audit(filter, many, before as number | undefined),
          placeOf: (one) => one.id,
        }),
      );
    },
  );
}
