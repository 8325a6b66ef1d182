import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted } from '../words.ts';
import type { Problem } from './api.ts';
import type { FlashMessage } from './flash-message.ts';
import { type Form, orderForm } from './forms.ts';
import { facts, partyLink, subjectLink } from './parts.ts';
import type { ErasedPerson, PersonErasure } from './records.ts';
import { refusalNote, statusOf } from './refusals.ts';
import type { Site } from './site.ts';
import { subjectFields, subjectOf } from './subject-form.ts';
import { may, type Screen, type Visit } from './visit.ts';
import { ERASED_PARTS, KEPT_BECAUSE, word } from './words.ts';

const FLAGS = ['openToo', 'namesToo'] as const;
const FIELDS = ['kind', 'code', 'name', 'identityNumber', 'phone', 'email', ...FLAGS] as const;

/**
 * Erases the data of one person: a preview, then the order with its token. Names and numbers travel in forms, never in
 * an address, which browsers and proxies store.
 */
export function addErase(site: Site): void {
  site.screen('/erase', async (visit) => screenOf(visit, may(visit, 'ops:erase') ? askForm(visit) : forbidden(visit)));
  site.order('/erase', async (visit, form) => {
    const preview = form('preview');
    return preview === undefined ? previewScreen(visit, form) : erase(visit, form, preview);
  });
}

async function previewScreen(visit: Visit, form: Form): Promise<Screen> {
  const { body, problem } = await visit.api.post<PersonErasure>('erasures/preview', orderOf(form));
  if (!body) return refusedScreenOf(visit, form, problem);
  return screenOf(visit, previewOf(visit, body, form));
}

/** @param token of the preview that the officer saw */
async function erase(visit: Visit, form: Form, token: string): Promise<FlashMessage | Screen> {
  const { say, api } = visit;
  const { body, problem } = await api.post<ErasedPerson>('erasures', { ...orderOf(form), token });
  if (!body) return refusedScreenOf(visit, form, problem);
  const text = say(
    `Đã xóa dữ liệu của người này khỏi ${body.erased} hồ sơ, bản ghi; giữ lại ${body.kept.length}.`,
    `The data of the person is erased from ${counted(body.erased, 'dossier or record', 'dossiers and records')}; ${body.kept.length} stay.`,
  );
  return { to: '/console/retention', isDone: true, text };
}

function screenOf({ say }: Visit, body: Html): Screen {
  return { title: say('Xóa dữ liệu của một người', 'Erase the data of one person'), body };
}

/** The form with what the officer wrote, to be corrected. */
function refusedScreenOf(visit: Visit, form: Form, problem: Problem | undefined): Screen {
  const screen = screenOf(visit, html`${refusalNote(visit.say, problem)}${askForm(visit, form)}`);
  return { ...screen, status: statusOf(problem) };
}

function forbidden({ say }: Visit): Html {
  return html`<p class="card" role="alert">${say(
    'Tài khoản đang dùng không có quyền xóa dữ liệu cá nhân (ops:erase).',
    'The key may not erase personal data: it lacks the scope ops:erase.',
  )}</p>`;
}

function orderOf(form: Form): object {
  const [openToo, namesToo] = FLAGS.map((name) => form(name) === 'yes');
  return { ...subjectOf(form), openToo, namesToo, why: form('why') };
}

function askForm(visit: Visit, given: Form = () => undefined): Html {
  const { say } = visit;
  const flag = (name: (typeof FLAGS)[number], text: string): Html =>
    html`<label class="choice"><input type="checkbox" name="${name}" value="yes"${given(name) === 'yes' ? html` checked` : ''}> ${text}</label>`;
  return html`<section class="card"><p class="note">${say(
    'Ghi số định danh, hay họ tên kèm số điện thoại hoặc thư điện tử, hay mã một hồ sơ hoặc bản ghi của người đó. Trục đọc mọi giá trị đã lưu, nên có thể mất vài phút.',
    'Give the identity number, or the name with a phone number or an e-mail address, or the code of a dossier or record of the person. The hub reads every stored value, which may take some minutes.',
  )}</p>${orderForm(visit, {
    to: '/console/erase',
    whyGiven: given('why'),
    button: say('Xem trước', 'Preview'),
    why: 'must',
    fields: [
      ...subjectFields(visit, given),
      html`<div class="choices">${flag('openToo', say('Cả hồ sơ, bản ghi chưa kết thúc', 'Also dossiers and records that are not ended'))}
${flag('namesToo', say('Cả đoạn văn bản chỉ có họ tên, số điện thoại hoặc địa chỉ', 'Also texts with nothing but the name, phone number or address'))}</div>`,
    ],
  })}<p class="note">${say(
    'Lý do được lưu trong nhật ký: chỉ ghi căn cứ, ví dụ số đơn, không ghi tên người đó.',
    'The audit stores the reason: give a reference such as the number of the request, never the name.',
  )}</p></section>`;
}

function previewOf(visit: Visit, preview: PersonErasure, form: Form): Html {
  const { say } = visit;
  const { token, subjects, kept, messages, calls, notes, savedFilters, namesakes, unreadable, parties } = preview;
  const isEmpty = subjects.length + messages + calls + notes + savedFilters === 0;
  const hidden = Object.fromEntries(FIELDS.map((name) => [name, form(name)]));
  return html`<h2>${say('Xem trước', 'Preview')}</h2>
${foundTable(visit, subjects)}
<section class="card">${facts([
    [say('Nội dung thông điệp nhắc đến người này', 'Bodies of messages that speak of the person'), messages],
    [say('Nội dung lượt chuyển nhắc đến người này', 'Calls of deliveries that speak of the person'), calls],
    [
      say(
        'Ghi chú của cán bộ, thông báo lỗi của các bên nhắc đến người này',
        'Notes of officers and errors of partners that speak of the person',
      ),
      notes,
    ],
    [
      say('Bộ lọc đã lưu có nhắc đến người này, sẽ bị xóa', 'Saved filters with the person, to be removed'),
      savedFilters,
    ],
    [
      say(
        'Nơi khác chỉ có họ tên, số điện thoại hoặc địa chỉ',
        'More places with nothing but the name, phone number or address',
      ),
      namesakes,
    ],
    [say('Dữ liệu không giải mã được vì thiếu khóa', 'Values that no secret of the hub opens'), unreadable],
  ])}</section>
<h2>${say('Được giữ lại', 'What stays')}</h2>
${keptTable(visit, kept)}
<section class="card"><p>${say(
    'Các hệ thống đã gửi hoặc nhận dữ liệu của người này vẫn giữ dữ liệu của mình và xóa theo quy định của mình:',
    'Systems that sent or received data of the person keep what they have, and erase it by their own rules:',
  )}</p>${parties.length === 0 ? html`<p>–</p>` : html`<ul>${parties.map((party) => html`<li>${partyLink(visit, party)}</li>`)}</ul>`}</section>
${
  isEmpty
    ? ''
    : html`<section class="card"><h2>${say('Xóa', 'Erase')}</h2><p>${say(
        'Không khôi phục được. Trạng thái, thời gian, đơn vị, số tiền và mọi số liệu thống kê được giữ nguyên.',
        'This cannot be undone. States, dates, offices, amounts and all counts stay.',
      )}</p>${orderForm(visit, {
        to: '/console/erase',
        button: say('Xóa như bản xem trước', 'Erase as the preview shows'),
        why: 'must',
        whyGiven: form('why'),
        hidden: { ...hidden, preview: token },
      })}</section>`
}
<p><a href="/console/erase">${say('« Tìm người khác', '« Another person')}</a></p>`;
}

function foundTable(visit: Visit, subjects: PersonErasure['subjects']): Html {
  const { say } = visit;
  return table<PersonErasure['subjects'][number]>({
    caption: say(
      `${subjects.length} hồ sơ, bản ghi bị xóa dữ liệu`,
      `${counted(subjects.length, 'dossier or record', 'dossiers and records')} to lose data`,
    ),
    empty: say('Không có hồ sơ, bản ghi nào bị xóa dữ liệu.', 'No dossier or record loses data.'),
    items: subjects,
    columns: [
      { head: say('Hồ sơ, bản ghi', 'Dossier or record'), cell: ({ subject }) => subjectLink(visit, subject) },
      { head: say('Liên quan', 'How'), cell: ({ part }) => word(say, ERASED_PARTS, part) },
    ],
  });
}

function keptTable(visit: Visit, kept: PersonErasure['kept']): Html {
  const { say } = visit;
  return table<PersonErasure['kept'][number]>({
    caption: say(
      `${kept.length} hồ sơ, bản ghi được giữ lại`,
      `${counted(kept.length, 'dossier or record', 'dossiers and records')} to stay`,
    ),
    empty: say('Không có gì được giữ lại.', 'Nothing stays.'),
    items: kept,
    columns: [
      { head: say('Hồ sơ, bản ghi', 'Dossier or record'), cell: ({ subject }) => subjectLink(visit, subject) },
      {
        head: say('Vì', 'Because'),
        cell: ({ why, hold }) => `${word(say, KEPT_BECAUSE, why)}${hold === null ? '' : ` ${hold}`}`,
      },
    ],
  });
}
