import type { Context } from 'hono';
import Type from 'typebox';
import { type AuditSubject, readSubject, SUBJECT_KINDS } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { jsonIn } from '../language.ts';
import { Cursor, Limit, pageBy, pageOf, TOTAL, text } from '../lists.ts';
import { wrongParameter } from '../problem.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { addList, cleanFilter, LOOKS_AT } from './list.ts';
import { idOf, none, OPS, type OperatorContext, orderReader, TAG } from './request.ts';
import { maybe, WordsShown } from './shown.ts';

export const IncidentShown = closed(
  {
    id: Type.Integer(),
    party: Type.String(),
    kind: Type.String(),
    cause: Type.String(),
    words: WordsShown,
    openedAt: Instant,
    closedAt: maybe(Instant),
  },
  { title: 'Incident' },
);
const NoteShown = closed({ at: Instant, who: Type.String(), cause: maybe(Type.String()), action: Type.String() });
export const WholeIncidentShown = closed(
  { ...IncidentShown.properties, notes: Type.Array(NoteShown) },
  { title: 'IncidentWithNotes' },
);
const NOTE = 'a statement of 1 to 1,000 characters that is not blank';
const Statement = Type.String({ minLength: 1, maxLength: 1_000, pattern: '\\S', description: NOTE });
const NoteOrder = closed({ action: Statement, cause: Type.Optional(Statement) });
const IncidentQuery = closed({
  state: Type.Optional(oneOf(['open', 'all'])),
  party: text('the party of the incident'),
  limit: Limit,
  cursor: Cursor,
});

const SUBJECT = [
  'The subject: a kind, its name, and details after `: `.',
  '`message <id>`, `delivery <id>` (body.read, body.read-personal, delivery.replay: with the result);',
  '`dossier <code>` (dossier.read-personal, dossier.history-personal, dossier.evidence);',
  '`dossiers <filter>` (dossier.list-personal, index.rebuilt: with the codes of the dossiers; export.personal);',
  '`record <kind> <code>` (record.assign, .answer, .publish, .refuse, .hold; body.read, body.read-personal);',
  '`party <id>` (import.begun, import: with the operation and a keyed hash of the file); `database hub` (database.put-back);',
  '`cause <key>` (quarantine.map, .release, .dismiss); `code <party> <table> <code>` (code-table.enter);',
  '`key <id>` (console.sign-in, console.sign-out; console.sign-in-refused: with `unknown` where no key has that id); `order <path>` (order.refused);',
  '`hold <id>` (hold.lift; hold.set for a person), `dossier <code>` and `record <kind> <code>` (hold.set);',
  '`dossiers <number>` (retention.erased, order.previewed, order.erased: with the dossiers and records);',
  '`texts <number>` (order.erased: with the places of notes, reasons and saved filters of officers);',
  '`ask <id>` (register.ask: with the register, the question, and the dossier or service; with `invalid`, a wrong question with values of the dossier, which was not asked);',
  '`incident <id>` (incident.note); `run <id>` (replay.start, backfill.start: with the filter, replay.stop); `party <id>` (party.pause, .resume, .pull: with the name of the pull; mapping.try-personal).',
  'Older entries are shown unchanged, and can be found too.',
].join(' ');

export const AuditShown = closed(
  {
    id: Type.Integer(),
    at: Instant,
    actor: Type.String({ description: 'the id of a key, or `lienthong …` for the hub and its commands' }),
    action: Type.String(),
    subject: Type.String({ description: SUBJECT }),
    why: maybe(Type.String()),
    position: Type.Integer({ description: 'the place in the chain of all entries' }),
    link: Type.String({
      description:
        'SHA-256, in hexadecimal, of the bytes of the previous link (for the first entry: SHA-256 of nothing) and the UTF-8 of ' +
        '[position, milliseconds of at since 1970, actor, action, subject, why] as JSON with a space after each comma',
    }),
    erased: Type.Boolean({
      description:
        'an erasure hid a person in `why`: `link` is that of the reason before, and the hub checks a signature instead',
    }),
  },
  { title: 'AuditEntry' },
);
const AUDIT_FILTERS = {
  actor: text('the id of a key'),
  action: text('an action such as delivery.replay'),
  subject: Type.Optional(
    Type.String({
      maxLength: 500,
      description:
        'the subject, such as `delivery 12`, without the part after the colon; `dossier <code>` also finds entries about several dossiers that name this one',
    }),
  ),
  from: text('from: a date, or a time with a zone'),
  to: text('to: a date, or a time with a zone'),
};

/** Open and closed incidents, and who did what. */
export function addIncidentsAndAudit(add: AddRoute, hub: OperatorContext): void {
  const { keys, ledger, cursors } = hub;
  const readIncidents = queryReader(IncidentQuery);
  add(
    {
      method: 'get',
      path: `${OPS}/incidents`,
      tag: TAG,
      summary: 'Incidents, newest first: the open ones, or all',
      scopes: ['ops:read'],
      query: IncidentQuery,
      replies: { 200: { description: 'A page', schema: pageOf(IncidentShown, { total: TOTAL }) } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { limit, cursor, party, state = 'open' } = readIncidents(c);
      const filter = { isOpen: state === 'open', party };
      return jsonIn(
        c,
        await pageBy(cursors, {
          list: `ops/incidents ${state}`,
          limit,
          cursor,
          load: (many, before?: number) => ledger.incidents(filter, many, before),
          count: () => ledger.totals.incidents(filter),
          placeOf: (one) => one.id,
        }),
      );
    },
  );
  addIncident(add, hub);
  addList(add, hub, {
    name: 'audit',
    summary: 'Who did what, newest first',
    description: LOOKS_AT,
    filters: AUDIT_FILTERS,
    item: AuditShown,
    load: (filter, many, before?: number) => ledger.audit(auditFilter(filter), many, before),
    count: (filter) => ledger.totals.audit(auditFilter(filter)),
    placeOf: (one) => one.id,
  });
}

function auditFilter({ subject, ...same }: Type.Static<Type.TObject<typeof AUDIT_FILTERS>>) {
  return { ...cleanFilter(same), subject: subject === undefined ? undefined : askedSubject(subject) };
}

/** One incident, and what operators state about it for the report of the supplier. */
function addIncident(add: AddRoute, { keys, ledger, orders }: OperatorContext): void {
  const readNote = orderReader(NoteOrder);
  const find = async (c: Context) => {
    const id = idOf(c, 'incident');
    const incident = await ledger.incident(id);
    if (!incident) throw none('incident', id);
    return incident;
  };
  add(
    {
      method: 'get',
      path: `${OPS}/incidents/{id}`,
      tag: TAG,
      summary: 'One incident, with what operators stated about it, newest first',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The incident', schema: WholeIncidentShown },
        404: { description: 'No such incident' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const incident = await find(c);
      return jsonIn(c, { ...incident, notes: await ledger.incidentNotes(incident.id) });
    },
  );
  add(
    {
      method: 'post',
      path: `${OPS}/incidents/{id}/notes`,
      tag: TAG,
      summary: 'State what was done about an incident, and its cause as found',
      description: 'The newest statement stands in the incident report of the supplier. It must name no person.',
      scopes: ['ops:configure'],
      body: { 'application/json': NoteOrder },
      replies: {
        201: { description: 'The incident', schema: WholeIncidentShown },
        404: { description: 'No such incident' },
      },
    },
    async (c) => {
      const { id: who } = requireKey(c, keys, 'ops:configure');
      const { action, cause = null } = await readNote(c);
      const incident = await find(c);
      await orders.noteIncident(incident.id, { who, action: action.trim(), cause: cause?.trim() ?? null });
      return c.json({ ...incident, notes: await ledger.incidentNotes(incident.id) }, 201);
    },
  );
}

/** @throws Refusal 400 for an invalid subject */
function askedSubject(text: string): AuditSubject {
  const subject = readSubject(text);
  if (!subject)
    throw wrongParameter('subject', 'unexpected', {
      got: received(text),
      expected: say('audit-subject', { list: SUBJECT_KINDS }),
    });
  return subject.kind === 'dossier' ? { ...subject, name: cleanCode(subject.name) } : subject;
}
