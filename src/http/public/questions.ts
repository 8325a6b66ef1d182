import { randomInt } from 'node:crypto';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { cleanCode, typedCode } from '#core/identifiers/identifiers';
import { type Kind, subjectOf } from '#core/records/kind';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { closed, Instant } from '#schemas/parts';
import { Question } from '#schemas/question.v1';
import type { RecordFilter } from '../../index/record-list.ts';
import type { AppContext } from '../app-context.ts';
import { networkOf } from '../clients.ts';
import { Cursor, Limit, pageBy, pageOf, TOTAL, text } from '../lists.ts';
import { createLookUpLimit, type LookUpLimit } from '../look-up-limit.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { findProven } from './prove.ts';
import { IdempotencyKey, publicBodyReader, SUBMIT_PROBLEMS, SUBMIT_REPLIES, submitRecord } from './submit.ts';

export type PublicQuestionContext = Pick<
  AppContext,
  | 'bodies'
  | 'reads'
  | 'kinds'
  | 'pipeline'
  | 'cursors'
  | 'requestLimits'
  | 'clients'
  | 'telemetry'
  | 'province'
  | 'nowMs'
>;

const { content, answers, agencyCode, fieldCode, serviceCode, dossierCode, visibility, asker } = Question.properties;

/** A citizen's question, before the hub gives it a code. */
const NewQuestion = closed(
  { content, asker, agencyCode, fieldCode, serviceCode, dossierCode, visibility },
  { title: 'NewQuestion' },
);

const ListQuery = closed({
  q: text('words of the question or of an answer, with or without Vietnamese marks'),
  agency: text('an agency code, including the agencies below it'),
  field: text('a field code'),
  limit: Limit,
  cursor: Cursor,
});

const ProofQuery = closed({
  // Errors never quote the input, because a citizen may enter more digits than requested.
  proof: Type.String({
    pattern: '^[^\\s]{4}$',
    writeOnly: true,
    description: EN['schema.question-proof'],
  }),
});

const MEMBERS = ['code', 'state', 'stateAt', 'askedAt', 'dueAt', 'agencyCode', 'fieldCode', 'serviceCode'] as const;

const PublicQuestion = closed(
  {
    code: Type.String(),
    state: Type.String(),
    stateAt: Instant,
    askedAt: Instant,
    dueAt: Type.Optional(Instant),
    agencyCode,
    fieldCode,
    serviceCode,
    content: Type.String({ description: 'mentions of the asker masked' }),
    asker: Type.Optional(closed({ name: Type.String({ description: 'masked' }) })),
    answers,
  },
  { title: 'PublicQuestion', description: 'A question as a client without a key sees it' },
);

const LIMITS = 'Shares the limits of the look-up of a dossier: 60 requests a minute from one client.';

/** Questions for citizens without a key: published answers, a new question, and the state of one's own. */
export function addPublicQuestions(add: AddRoute, hub: PublicQuestionContext): void {
  const kind = hub.kinds.byName('question');
  if (!kind) return;
  const limit = createLookUpLimit(hub);
  addList(add, hub, kind, limit);
  addAsk(add, hub, kind, limit);
  addFollow(add, hub, kind, limit);
}

function addList(add: AddRoute, hub: PublicQuestionContext, kind: Kind, limit: LookUpLimit): void {
  const readQuery = queryReader(ListQuery);
  add(
    {
      method: 'get',
      path: '/api/public/questions',
      tag: 'Citizens',
      summary: 'Published questions with their answers, newest first',
      description: `Needs no key. The name of the asker is masked, and nothing else of the asker is shown. ${LIMITS}`,
      freshness: 'many',
      query: ListQuery,
      problems: ['bad-request', 'too-often', 'unavailable'],
      replies: { 200: { description: 'A page', schema: pageOf(PublicQuestion, { total: TOTAL }) } },
    },
    async (c) => {
      const { q, agency, field, limit: asked, cursor } = readQuery(c);
      await limit.countVisit(networkOf(hub.clients.addressOf(c) ?? ''));
      const { records } = hub.reads.of(c);
      const filter: RecordFilter = {
        isPublic: true,
        q: q?.trim() ? q : undefined,
        agency: agency ? cleanCode(agency) : undefined,
        field: field ? cleanCode(field) : undefined,
      };
      const { items, ...page } = await pageBy(hub.cursors, {
        list: 'public questions',
        limit: asked,
        cursor,
        load: (many, after?: readonly [stateAt: string, code: string]) =>
          records.list(kind, filter, many, after && { stateAt: after[0], code: after[1] }, false),
        count: () => records.countSome(kind, filter),
        placeOf: ({ stateAt, code }) => [stateAt, code] as const,
      });
      return c.json({ items: items.map(({ json }) => shownOf(json)), ...page }, 200, { 'Cache-Control': 'no-store' });
    },
  );
}

function addAsk(add: AddRoute, hub: PublicQuestionContext, kind: Kind, limit: LookUpLimit): void {
  const readBody = publicBodyReader(hub, NewQuestion);
  add(
    {
      method: 'post',
      path: '/api/public/questions',
      tag: 'Citizens',
      summary: 'Ask a question',
      description: `Needs no key. The asker needs a name and an address, a phone or an email. A complaint or a denunciation has its own procedure by law: an operator decides on it first. ${LIMITS} One client may ask 60 questions an hour, and one person the number in the setting \`personLimitPerHour\`. With an \`Idempotency-Key\`, a repeated request gets the answer to the first one.`,
      headers: { 'Idempotency-Key': IdempotencyKey },
      body: { 'application/json': NewQuestion },
      problems: SUBMIT_PROBLEMS,
      replies: SUBMIT_REPLIES,
    },
    async (c) => {
      await limit.countSubmission(networkOf(hub.clients.addressOf(c) ?? ''));
      const given = await readBody(c);
      const askedAt = msToInstant(hub.nowMs());
      const code = newCode(hub.province?.code, askedAt);
      const question = { code, state: 'received', stateAt: askedAt, askedAt, ...given };
      return submitRecord(c, hub, kind, question, given);
    },
  );
}

function addFollow(add: AddRoute, hub: PublicQuestionContext, kind: Kind, limit: LookUpLimit): void {
  const readQuery = queryReader(ProofQuery);
  add(
    {
      method: 'get',
      path: '/api/public/questions/{code}',
      tag: 'Citizens',
      summary: 'The state of a question and its answers, for a client that knows its code and a proof',
      description:
        'Needs no key. An unknown code and a wrong proof get the same answer after the same time. The limits are those of the look-up of a dossier.',
      freshness: 'one',
      query: ProofQuery,
      problems: ['bad-request', 'too-often', 'unavailable'],
      replies: {
        200: { description: 'The question', schema: PublicQuestion },
        404: { description: 'No question with this code and this proof' },
      },
    },
    async (c) => {
      const { proof } = readQuery(c);
      const code = typedCode(c.req.param('code') ?? '');
      const subject = subjectOf(kind, code);
      const { masked } = await findProven(c, hub, {
        code: subject,
        proof: proof.toLowerCase(),
        limit,
        notFound: say('no-question-with-proof'),
        async find() {
          const found = await hub.reads.of(c).records.provable(kind, code);
          return found ? [{ ...found, code: subject }] : [];
        },
      });
      return c.json(shownOf(masked), 200, { 'Cache-Control': 'no-store' });
    },
  );
}

/** Letters and digits that look like no other. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';

function newCode(province: string | undefined, at: string): string {
  const day = at.slice(2, 10).replaceAll('-', '');
  const random = Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${province ?? 'X'}-HD-${day}-${random}`;
}

/** @param masked the question as readers without index:personal see it */
function shownOf(masked: string): object {
  const question = JSON.parse(masked) as Readonly<Record<string, unknown>> & { readonly asker?: { name?: string } };
  const members = [...MEMBERS, 'content', 'answers'].filter((member) => question[member] !== undefined);
  const { name } = question.asker ?? {};
  return {
    ...Object.fromEntries(members.map((member) => [member, question[member]])),
    asker: name !== undefined ? { name } : undefined,
  };
}
