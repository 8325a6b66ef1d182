import { html } from 'hono/html';
import { CHANNEL, LEVEL, ONLINE_LEVEL, TERM_UNIT } from '#core/catalogue/service-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { type LastChanges, serviceChanges } from './service-changes.ts';
import { dong, moment, money, number, unknown, vietnamese, yesOrNo } from './words.ts';

type Term = NonNullable<NonNullable<Service['channels']>[number]['terms']>[number];
type Fee = NonNullable<Term['fees']>[number];
type Case = NonNullable<Service['cases']>[number];

/** The history of a service: when it went out of force, and its latest changes. */
export interface Past {
  readonly since: string | undefined;
  readonly changed: LastChanges;
}

/** Everything that the catalogue knows of a service. */
export function serviceView(say: Say, service: Service, { since, changed }: Past): Html {
  const { inForce, conditions, results = [], cases = [] } = service;
  const given = cases.filter(({ steps = [], components = [] }) => steps.length + components.length > 0);
  return html`${
    inForce
      ? ''
      : html`<p class="card" role="alert"><strong>${say('Thủ tục này đã hết hiệu lực.', 'This service is no longer in force.')}</strong> ${since && html`${say('Từ', 'Since')} ${moment(since)}.`} ${say(
          'Thông tin dưới đây chỉ dùng để đối chiếu các hồ sơ đã nộp khi thủ tục còn hiệu lực.',
          'The information below is for earlier dossiers.',
        )}</p>`
  }
<section class="card">${facts(say, service)}</section>
<h2>${say('Cách thức thực hiện', 'How to file, time, fees')}</h2>
${channelTable(say, service)}
<h2>${say('Trình tự thực hiện và thành phần hồ sơ', 'Steps and papers')}</h2>
${given.length === 0 ? html`<p>${unknown(say)}</p>` : given.map((one) => caseView(say, one, given.length > 1))}
<h2>${say('Kết quả thực hiện', 'Result')}</h2>
${results.length === 0 ? html`<p>${unknown(say)}</p>` : html`<ul lang="vi">${results.map(({ name }) => html`<li>${name}</li>`)}</ul>`}
${conditions && html`<h2>${say('Yêu cầu, điều kiện thực hiện', 'Conditions')}</h2><p class="prose" lang="vi">${conditions}</p>`}
<h2>${say('Căn cứ pháp lý', 'Legal basis')}</h2>
${legalTable(say, service)}
${serviceChanges(say, service.code, changed)}`;
}

function facts(say: Say, service: Service): Html {
  const { agencies = [], receivedAt = [], levels = [], audience = [], onlineLevel, historicLevel } = service;
  const { onlinePayment, byPost, fields = [], fieldName, decision, publishedBy, category, audienceNote } = service;
  const list = (texts: readonly string[]) =>
    texts.length > 0 ? texts.map((text) => html`<div lang="vi">${text}</div>`) : undefined;
  const fieldNames = fields.length > 0 ? fields.map(({ name }) => name) : fieldName ? [fieldName] : [];
  const published = [decision, publishedBy].filter((text) => text !== undefined);
  const rows: readonly (readonly [string, unknown, 'always'?])[] = [
    [say('Mã thủ tục', 'Code'), service.code],
    [say('Lĩnh vực', 'Field'), list(fieldNames), 'always'],
    [say('Cơ quan thực hiện', 'Agency'), list(agencies.map(({ name }) => name)), 'always'],
    [say('Địa chỉ tiếp nhận hồ sơ', 'Where to file'), list(receivedAt), 'always'],
    [say('Cấp thực hiện', 'Level'), levels.map((level) => say(...LEVEL[level])).join(', ') || undefined, 'always'],
    [say('Đối tượng thực hiện', 'For whom'), list([...audience, ...(audienceNote ? [audienceNote] : [])]), 'always'],
    [say('Mức độ trực tuyến', 'Online service'), onlineLevel && say(...ONLINE_LEVEL[onlineLevel]), 'always'],
    [say('Mức độ theo quy định trước đây', 'Level by the former rule'), historicLevel],
    [
      say('Thanh toán trực tuyến phí, lệ phí', 'Payment online'),
      onlinePayment === undefined ? undefined : yesOrNo(say, onlinePayment),
    ],
    [
      say('Tiếp nhận hồ sơ, trả kết quả qua dịch vụ bưu chính công ích', 'By post'),
      byPost === undefined ? undefined : yesOrNo(say, byPost),
    ],
    [say('Loại thủ tục', 'Kind'), category && vietnamese(category)],
    [say('Quyết định công bố', 'Published by'), published.length > 0 ? vietnamese(published.join(' – ')) : undefined],
  ];
  return html`<dl class="facts">${rows.map(([term, value, always]) =>
    value === undefined && !always ? '' : html`<dt>${term}</dt><dd>${value ?? unknown(say)}</dd>`,
  )}</dl>`;
}

function channelTable(say: Say, { channels = [] }: Service): Html {
  if (channels.length === 0) return html`<p>${unknown(say)}</p>`;
  const [how, time, fee] = [
    say('Hình thức nộp', 'How'),
    say('Thời hạn giải quyết', 'Time'),
    say('Phí, lệ phí', 'Fees'),
  ];
  const row = (channel: string, term: Term | undefined): Html => html`<tr>
<th scope="row">${channel}</th>
<td data-label="${time}">${term ? termView(say, term) : unknown(say)}</td>
<td data-label="${fee}">${term?.fees?.length ? html`<ul>${term.fees.map((one) => html`<li>${feeView(say, one)}</li>`)}</ul>` : unknown(say)}</td></tr>`;
  return html`<table class="cards"><thead><tr><th scope="col">${how}</th><th scope="col">${time}</th><th scope="col">${fee}</th></tr></thead>
<tbody>${channels.map(({ channel, terms = [] }) =>
    (terms.length > 0 ? terms : [undefined]).map((term) => row(say(...CHANNEL[channel]), term)),
  )}</tbody></table>`;
}

/** The number if there is one, otherwise the source's text. */
function termView(say: Say, { amount, unit, text, description }: Term): Html {
  const time =
    amount !== undefined && unit !== undefined
      ? html`${number(say, amount)} ${say(TERM_UNIT[unit][0], amount === 1 ? TERM_UNIT[unit][1].replace(/s$/, '') : TERM_UNIT[unit][1])}`
      : text
        ? vietnamese(text)
        : unknown(say);
  return html`${time}${description && html`<p class="note" lang="vi">${description}</p>`}`;
}

/** A fee. An unknown amount is shown as unknown, with the source's text. */
function feeView(say: Say, { amountVnd, text, description, url }: Fee): Html {
  const amount = typeof amountVnd === 'number' ? money(say, amountVnd) : unknown(say);
  const isSaid = typeof amountVnd === 'number' && text === dong(amountVnd);
  const more = text && !isSaid ? html` – <span lang="vi">${text}</span>` : '';
  return html`${amount}${more}${description && html`<p class="note" lang="vi">${description}</p>`}${url && html` ${link(url, say('Xem biểu phí', 'See the fees'))}`}`;
}

function caseView(say: Say, { name, steps = [], components = [] }: Case, isOneOfSeveral: boolean): Html {
  return html`<section class="card case">${(name || isOneOfSeveral) && html`<h3>${name ? vietnamese(name) : say('Trường hợp khác', 'Another case')}</h3>`}
${steps.length > 0 && html`<ol lang="vi">${steps.map((step) => html`<li class="prose">${step}</li>`)}</ol>`}
${components.length > 0 && papers(say, components)}</section>`;
}

function papers(say: Say, components: NonNullable<Case['components']>): Html {
  const [paper, originals] = [say('Tên giấy tờ', 'Paper'), say('Bản chính', 'Originals')];
  const [copies, forms] = [say('Bản sao', 'Copies'), say('Mẫu đơn, tờ khai', 'Forms')];
  return html`<table class="cards"><thead><tr><th scope="col">${paper}</th><th scope="col" class="number">${originals}</th><th scope="col" class="number">${copies}</th><th scope="col">${forms}</th></tr></thead>
<tbody>${components.map(
    (one) => html`<tr><th scope="row" lang="vi"><label class="choice"><input type="checkbox">${one.name}</label></th>
<td class="number" data-label="${originals}">${one.originals ?? unknown(say)}</td>
<td class="number" data-label="${copies}">${one.copies ?? unknown(say)}</td>
${one.forms?.length ? html`<td data-label="${forms}">${one.forms.map((form) => formView(say, form))}</td>` : html`<td class="nothing">–</td>`}</tr>`,
  )}</tbody></table>`;
}

function formView(say: Say, { name, url }: { readonly name?: string; readonly url?: string }): Html {
  const text = name ?? say('Tải biểu mẫu', 'Get the form');
  return html`<div>${url ? link(url, text) : vietnamese(text)}</div>`;
}

/** A link to a source's address. Only web addresses become links. */
function link(url: string, text: string): Html {
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return isWeb ? html`<a href="${url}">${text}</a>` : html`${text}`;
}

function legalTable(say: Say, { legalBases = [] }: Service): Html {
  if (legalBases.length === 0) return html`<p>${unknown(say)}</p>`;
  return html`<table class="legal cards"><thead><tr><th scope="col">${say('Số văn bản', 'Number')}</th><th scope="col">${say('Tên', 'Name')}</th></tr></thead>
<tbody lang="vi">${legalBases.map(({ number, name }) => html`<tr><th scope="row">${number ?? '–'}</th><td>${name ?? '–'}</td></tr>`)}</tbody></table>`;
}
