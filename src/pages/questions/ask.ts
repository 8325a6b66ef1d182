import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { cleanCode } from '#core/identifiers/identifiers';
import type { OfferedServices } from '../../catalogue/read.ts';
import { parameterOf, type Say } from '../language.ts';
import type { Shown } from '../layout.ts';
import { readOwnForm, unreadPage } from '../own-form.ts';
import type { PageContext, ShowPage } from '../page-context.ts';
import { callPublic, type PublicAnswer, troubleOf, troubleStatus } from '../public-api.ts';
import { askForm, FIELDS, type Field, type Typed } from './ask-form.ts';
import { complaintGuidance } from './question.ts';

interface Reply {
  readonly code?: string;
  readonly problems?: readonly { readonly path: string; readonly code: string }[];
}

/** A citizen asks a question. */
export function addAskPage(
  pages: Hono,
  app: Hono,
  page: ShowPage,
  { catalogue }: Pick<PageContext, 'catalogue'>,
): void {
  pages.get('/questions/ask', async (c) => {
    const offered = await catalogue.offered();
    const service = (parameterOf(c, 'service') ?? '').slice(0, 100);
    return page(c, (say) => ({ title: title(say), body: askForm(say, offered, { service }, []) }));
  });
  pages.post('/questions/ask', async (c) => {
    const sent = await readOwnForm(c);
    if (typeof sent === 'string') return page(c, (say) => ({ ...unreadPage(say, sent), asked: {} }));
    const typed: Typed = Object.fromEntries(
      FIELDS.map((name) => [name, sent.get(name)?.trim()]).filter(([, value]) => value),
    );
    const ticket = ticketIn(sent);
    const [answer, offered] = await Promise.all([
      // A form that is sent twice has one ticket, and makes one question.
      callPublic<Reply>(app, c, '/api/public/questions', questionOf(typed), ticket),
      // Without the catalogue the form has no lists, and still what was typed.
      catalogue.offered().catch(() => NOTHING_OFFERED),
    ]);
    return page(c, (say) => ({ ...answered({ c, say, typed, offered, ticket }, answer), asked: {} }));
  });
}

const NOTHING_OFFERED: OfferedServices = { fields: [], agencies: [], audiences: [] };

/** @returns undefined for a form without a ticket of this page */
function ticketIn(sent: URLSearchParams): string | undefined {
  const ticket = sent.get('ticket') ?? '';
  return /^[0-9a-f-]{36}$/.test(ticket) ? ticket : undefined;
}

const title = (say: Say): string => say('Đặt câu hỏi', 'Ask a question');

function questionOf({ name, address, phone, email, content = '', agency, field, service, hidden }: Typed): object {
  return {
    content,
    asker: { name, address, phone, email },
    agencyCode: agency && cleanCode(agency),
    fieldCode: field && cleanCode(field),
    serviceCode: service && cleanCode(service),
    visibility: hidden ? 'private' : undefined,
  };
}

interface Asked {
  readonly c: Context;
  readonly say: Say;
  readonly typed: Typed;
  readonly offered: OfferedServices;
  readonly ticket: string | undefined;
}

type Page = Pick<Shown, 'title' | 'body' | 'status'>;

function answered({ c, say, typed, offered, ticket }: Asked, answer: PublicAnswer<Reply>): Page {
  const { status, body } = answer;
  if (status === 200 || status === 201 || status === 202) return sentPage(say, typed, body, status === 202);
  const notSent = say('Chưa gửi được câu hỏi', 'The question was not sent');
  if (status === 400 || status === 413 || status === 422) {
    const wrong = wrongFields(typed, body.problems ?? []);
    return { title: notSent, status, body: askForm(say, offered, typed, wrong) };
  }
  // The ticket is that of a question which was sent with other content, so the form below has a new one. After an outage it has
  // the same one: the question may have been stored.
  const isSentBefore = status === 409;
  return {
    title: notSent,
    status: isSentBefore ? status : troubleStatus(c, answer),
    body: html`<p class="card" role="alert">${isSentBefore ? sentBefore(say) : troubleOf(say, answer)}</p>
${askForm(say, offered, typed, [], isSentBefore ? undefined : ticket)}`,
  };
}

const sentBefore = (say: Say): string =>
  say(
    'Một câu hỏi có nội dung khác đã được gửi từ biểu mẫu này và đã được tiếp nhận. Nội dung dưới đây chưa được gửi; nếu vẫn cần gửi, vui lòng bấm “Gửi câu hỏi”.',
    'A question with other content was sent with this form before and was received. The content below was not sent. If you still want to send it, press “Send the question”.',
  );

/** @param isWaiting an officer decides first: until then only a complaint can be followed, as held */
function sentPage(say: Say, { phone, email }: Typed, { code = '', problems = [] }: Reply, isWaiting: boolean): Page {
  const isComplaint = problems.some((one) => one.code === 'complaint-or-denunciation');
  return {
    title: say('Đã nhận câu hỏi', 'Question received'),
    body: html`${isComplaint && complaintGuidance(say)}
<section class="card" ${isComplaint ? '' : html`role="status"`}>
<p>${say('Mã câu hỏi', 'Code of the question')}: <strong class="code">${code}</strong></p>
${isWaiting && !isComplaint && html`<p>${waitsForOfficer(say)}</p>`}
<p>${
      (phone ?? email)
        ? html`${say('Ghi lại mã này để', 'Keep this code to')} <a href="/questions/follow?code=${encodeURIComponent(code)}">${say('theo dõi câu hỏi', 'follow the question')}</a> ${proofText(say, phone)}`
        : say(
            'Câu hỏi không có số điện thoại, thư điện tử nên không theo dõi được tại đây. Cơ quan trả lời theo địa chỉ đã khai.',
            'Without a phone number or an e-mail address the question cannot be followed here. The agency answers to the address that you gave.',
          )
    }</p></section>`,
  };
}

const waitsForOfficer = (say: Say): string =>
  say(
    'Câu hỏi đang chờ cán bộ xem xét; ông/bà không cần gửi lại. Sau khi được tiếp nhận, câu hỏi mới tra được bằng mã này.',
    'An officer will review the question. You do not need to send it again. Its code works after the question is accepted.',
  );

function proofText(say: Say, phone: string | undefined): string {
  return phone
    ? say('bằng 4 số cuối của số điện thoại.', 'by the last four digits of your phone number.')
    : say('bằng 4 ký tự đầu của thư điện tử.', 'by the first four characters of your e-mail address.');
}

const FIELD_OF: Readonly<Record<string, Field>> = {
  '/content': 'content',
  '/asker/name': 'name',
  '/asker/address': 'address',
  '/asker/phone': 'phone',
  '/asker/email': 'email',
  '/agencyCode': 'agency',
  '/fieldCode': 'field',
  '/serviceCode': 'service',
};

/** The fields to correct. An incomplete person lacks a name, or a way to be answered. */
function wrongFields(typed: Typed, problems: NonNullable<Reply['problems']>): readonly Field[] {
  const { name, address, phone, email, content } = typed;
  const refused = problems.flatMap(({ path }) => FIELD_OF[path] ?? []);
  const missing: readonly (readonly [Field, boolean])[] = [
    ['name', name === undefined],
    ['phone', (address ?? phone ?? email) === undefined],
    ['content', content === undefined],
  ];
  const wrong = new Set([...refused, ...missing.flatMap(([field, isMissing]) => (isMissing ? [field] : []))]);
  // A problem of no known field can only be the size of the whole.
  return wrong.size > 0 ? [...wrong] : ['content'];
}
