import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import { fold } from '#core/vietnamese/text';
import { parameterOf } from '../language.ts';
import type { Html } from '../layout.ts';
import { emptyState } from '../parts/parts.ts';
import { counted } from '../words.ts';
import { type Answer, type Api, type Problem, queryText, segment } from './api.ts';
import { statesOf } from './dossier-state.ts';
import { recordPath } from './record-queue.ts';
import type { Cause, Delivery, Listed, Message, QueuedRecordInFull } from './records.ts';
import { refusalNote, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import type { Visit } from './visit.ts';
import { CAUSES, QUEUED_KINDS, STATUSES, word } from './words.ts';

interface Hit {
  readonly href: string;
  readonly what: string;
  readonly text: Html | string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DELIVERY = /^[1-9]\d{0,14}$/;
const SHOWN = '10';

/** Finds a dossier, message, delivery, question, party or cause by its code or name. A single hit opens at once. */
export function addSearch(site: Site): void {
  site.screen('/search', async (visit) => {
    const { c, say } = visit;
    const q = parameterOf(c, 'q')?.trim() ?? '';
    const { hits, problem } = q === '' ? { hits: [] } : await hitsOf(visit, q);
    const [first] = hits;
    const title = say('Tìm kiếm', 'Search');
    if (!first && problem) return refusedScreen(say, title, { problem });
    // After a refusal, a further hit may be missing.
    if (first && hits.length === 1 && !problem) return c.redirect(first.href, 303);
    return {
      title,
      body:
        hits.length === 0
          ? emptyState(
              'search',
              q === ''
                ? say(
                    'Nhập mã hồ sơ, thông điệp, lượt chuyển, câu hỏi, hoặc tên bên kết nối.',
                    'Enter the code of a dossier, message, delivery or question, or the name of a party.',
                  )
                : say(
                    `Không tìm thấy “${q}”. Ô này chỉ tìm theo mã, số biên nhận hoặc tên bên kết nối.`,
                    `Nothing found for “${q}”. This field knows codes, receipts and the names of parties.`,
                  ),
              html`<p><a href="/console/messages${queryText({ code: q })}">${say('Tìm trong các thông điệp, kể cả thông điệp không hợp lệ', 'Look among the messages, also the invalid ones')}</a></p>`,
            )
          : html`${refusalNote(say, problem)}<p class="note">${say(`${hits.length} kết quả cho “${q}”.`, `${counted(hits.length, 'result', 'results')} for “${q}”.`)}</p>
<ul class="tasks hits">${hits.map(({ href, what, text }) => html`<li class="card"><a href="${href}">${text}</a> <span class="note">${what}</span></li>`)}</ul>`,
    };
  });
}

interface Found {
  readonly hits: readonly Hit[];
  /** Why a part of the search was refused. */
  readonly problem?: Problem | undefined;
}

async function hitsOf(officer: Visit, q: string): Promise<Found> {
  let problem: Problem | undefined;
  // An unknown code is answered with 404. Any other refusal does not mean that nothing exists.
  async function get<Body>(...request: Parameters<Api['get']>): Promise<Answer<Body>> {
    const answer = await officer.api.get<Body>(...request);
    if (answer.status !== 404) problem ??= answer.problem;
    return answer;
  }
  const visit: Visit = { ...officer, api: { ...officer.api, get } };
  const found = await Promise.all([
    dossierHits(visit, q),
    messageHits(visit, q),
    deliveryHits(visit, q),
    recordHits(visit, q),
    partyHits(visit, q),
    causeHits(visit, q),
  ]);
  return { hits: found.flat(), problem };
}

async function dossierHits(visit: Visit, q: string): Promise<readonly Hit[]> {
  const { say } = visit;
  const { body = [] } = await statesOf(visit, typedCode(q));
  return body.map(({ code, status }) => ({
    href: `/console/dossiers${queryText({ code })}`,
    what: `${say('hồ sơ', 'dossier')}, ${word(say, STATUSES, status)}`,
    text: code,
  }));
}

/** By the id or the receipt. */
async function messageHits({ say, api }: Visit, q: string): Promise<readonly Hit[]> {
  if (!UUID.test(q)) return [];
  const id = q.toLowerCase();
  const [one, list] = await Promise.all([
    api.get<Message>(`messages/${id}`, { body: 'no' }),
    api.get<Listed<Message>>('messages', { receipt: id, limit: SHOWN }),
  ]);
  const ids = new Set([...(one.body ? [one.body.id] : []), ...(list.body?.items ?? []).map((message) => message.id)]);
  return [...ids].map((message) => ({
    href: `/console/messages/${message}`,
    what: say('thông điệp', 'message'),
    text: message,
  }));
}

async function deliveryHits({ say, api }: Visit, q: string): Promise<readonly Hit[]> {
  if (!DELIVERY.test(q)) return [];
  const { body } = await api.get<Delivery>(`deliveries/${q}`, { body: 'no' });
  if (!body) return [];
  return [
    { href: `/console/deliveries/${body.id}`, what: say('lượt chuyển', 'delivery'), text: `${body.id}: ${body.code}` },
  ];
}

async function recordHits({ say, api }: Visit, q: string): Promise<readonly Hit[]> {
  const kinds = Object.keys(QUEUED_KINDS);
  const answers = await Promise.all(
    kinds.map((kind) => api.get<QueuedRecordInFull>(`records/${kind}/${segment(q)}`, { body: 'no' })),
  );
  return answers.flatMap(({ body }) =>
    body ? [{ href: recordPath(body.kind, body.code), what: word(say, QUEUED_KINDS, body.kind), text: body.code }] : [],
  );
}

function partyHits({ say, titles }: Visit, q: string): readonly Hit[] {
  const sought = fold(q);
  return [...titles]
    .filter(([id, title]) => id === sought || fold(title).includes(sought))
    .map(([id, title]) => ({
      href: `/console/parties/${segment(id)}`,
      what: say('bên kết nối', 'party'),
      text: title,
    }));
}

/** By the code that a table lacks. A dossier shows its own causes. */
async function causeHits({ say, api }: Visit, q: string): Promise<readonly Hit[]> {
  const { body } = await api.get<Listed<Cause>>('quarantine', { kind: 'unmapped', limit: '200' });
  return (body?.items ?? [])
    .filter(({ unmapped }) => unmapped?.from === q)
    .map(({ id, kind, key }) => ({ href: `/console/quarantine/${id}`, what: word(say, CAUSES, kind), text: key }));
}
