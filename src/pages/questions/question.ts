import { html } from 'hono/html';
import type { Bilingual } from '#messages/message';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Question } from '#schemas/question.v1';
import type { CatalogueReader, OfferedServices } from '../../catalogue/read.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { dayOrMoment, moment, vietnamese } from '../words.ts';

/** A question as the public API returns it. */
export type PublicQuestion = Omit<Question, 'asker'> & { readonly asker?: { readonly name: string } };

const STATE: Readonly<Record<Question['state'], Bilingual>> = {
  received: ['Đã tiếp nhận', 'Received'],
  held: ['Chờ cán bộ xem xét', 'Waits for an officer'],
  assigned: ['Đã chuyển cơ quan trả lời', 'Assigned to an agency'],
  answered: ['Đã trả lời', 'Answered'],
  published: ['Đã công khai', 'Published'],
  refused: ['Không được tiếp nhận', 'Refused'],
  withdrawn: ['Đã rút', 'Withdrawn'],
};

/** A held question that an officer dismissed. */
const DISMISSED: Bilingual = ['Không xử lý tại đây', 'Not handled here'];

/** The states in which an agency still owes an answer. */
const OPEN: readonly Question['state'][] = ['received', 'assigned'];

/** The guidance for a complaint or a denunciation (Luật Khiếu nại, Luật Tố cáo). */
export function complaintGuidance(say: Say): Html {
  return html`<p class="card" role="alert">${say(
    'Nội dung có dấu hiệu khiếu nại hoặc tố cáo nên được giữ lại để cán bộ xem xét, không chuyển tiếp và không công khai. Việc khiếu nại, tố cáo thực hiện theo Luật Khiếu nại, Luật Tố cáo: vui lòng gửi đơn đến cơ quan có thẩm quyền giải quyết hoặc nơi tiếp công dân.',
    'The text reads as a complaint or a denunciation. An officer decides on it first; it is not forwarded and not published. The laws on complaints and on denunciations set their own procedure: please send it to the competent agency, or to its office for receiving citizens.',
  )}</p>`;
}

/** The same for a held question, whose reason the public interface does not say. */
export function heldGuidance(say: Say, isDismissed: boolean): Html {
  if (isDismissed)
    return html`<p class="card" role="alert">${say(
      'Cán bộ đã xem xét. Câu hỏi không được xử lý tại đây: không chuyển tiếp, không công khai và không trả lời. Nếu nội dung là khiếu nại hoặc tố cáo, vui lòng gửi đơn đến cơ quan có thẩm quyền giải quyết hoặc nơi tiếp công dân, theo Luật Khiếu nại, Luật Tố cáo.',
      'An officer decided that the question is not handled here. It is not forwarded, not published and not answered. If it is a complaint or a denunciation, please send it to the competent agency, or to its office for receiving citizens, by the Law on Complaints and the Law on Denunciations.',
    )}</p>`;
  return html`<p class="card" role="alert">${say(
    'Câu hỏi được giữ lại để cán bộ xem xét, không chuyển tiếp và không công khai. Nếu nội dung là khiếu nại hoặc tố cáo, việc giải quyết thực hiện theo Luật Khiếu nại, Luật Tố cáo: vui lòng gửi đơn đến cơ quan có thẩm quyền giải quyết hoặc nơi tiếp công dân.',
    'The question is held for an officer, who decides on it. It is not forwarded and not published. If it is a complaint or a denunciation, the laws on complaints and on denunciations set their own procedure: please send it to the competent agency, or to its office for receiving citizens.',
  )}</p>`;
}

/** A question with its answers. @param own shows the state, for the asker */
export function questionView(
  say: Say,
  question: PublicQuestion,
  names: OfferedServices,
  own?: { readonly isDismissed: boolean },
): Html {
  const { code, content, asker, askedAt, dueAt, answers = [] } = question;
  const isOpen = own && OPEN.includes(question.state) && answers.length === 0 && dueAt !== undefined;
  return html`<article class="card question">
${own && stamp(say, question, own.isDismissed)}
<p class="prose asked" lang="vi">${content}</p>
<p class="note">${asker && html`${vietnamese(asker.name)} · `}${moment(askedAt)} · ${placesOf(question, names).map((one) => html`${vietnamese(one)} · `)}<span class="code">${code}</span></p>
${isOpen && html`<p>${say('Hạn trả lời', 'Due')}: ${moment(dueAt)}</p>`}
${answers.map(
  ({ at, by, unit, title, content: text }) => html`<div class="answer"><h2>${say('Trả lời', 'Answer')}</h2>
<p class="prose" lang="vi">${text}</p>
<p class="note">${[by, title, unit].filter((one) => one !== undefined).map((one) => html`${vietnamese(one)} · `)}${dayOrMoment(at)}</p></div>`,
)}</article>`;
}

/** The public interface does not say when an officer dismissed it. */
function stamp(say: Say, { state, stateAt }: PublicQuestion, isDismissed: boolean): Html {
  if (isDismissed) return html`<p class="stamp plain"><strong>${say(...DISMISSED)}</strong></p>`;
  return html`<p class="stamp plain"><strong>${say(...STATE[state])}</strong> <span>${say('từ', 'since')} ${moment(stateAt)}</span></p>`;
}

/** The agency and field by their names, otherwise by their codes. */
function placesOf(question: PublicQuestion, { agencies, fields }: OfferedServices): readonly string[] {
  const { agencyCode, fieldCode } = question;
  const named = (list: OfferedServices['fields'], code: string | undefined): readonly string[] =>
    code === undefined ? [] : [list.find((one) => one.code === code)?.name ?? code];
  return [...named(agencies, agencyCode), ...named(fields, fieldCode)];
}

/** The same filters with the names of agencies that offer no service. */
export async function withAgencyNames(
  { one }: Pick<CatalogueReader, 'one'>,
  offered: OfferedServices,
  questions: readonly Pick<Question, 'agencyCode'>[],
): Promise<OfferedServices> {
  const known = new Set(offered.agencies.map(({ code }) => code));
  const codes = [
    ...new Set(questions.flatMap(({ agencyCode = '' }) => (known.has(agencyCode) ? [] : agencyCode || []))),
  ];
  const found = await Promise.all(codes.map((code) => one('agency', code)));
  const agencies = codes.flatMap((code, at) => {
    const name = (found[at]?.record as Agency | undefined)?.name;
    return name === undefined ? [] : [{ code, name }];
  });
  return { ...offered, agencies: [...offered.agencies, ...agencies] };
}
