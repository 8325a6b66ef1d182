import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { segment } from './api.ts';
import { choiceField, orderForm } from './forms.ts';
import { facts, pager, partyLink, queryOf } from './parts.ts';
import type { Resolved, WholeCause } from './records.ts';
import { refusalText, refusedScreen } from './refusals.ts';
import { may, type Screen, type Site, type Visit } from './site.ts';
import { timeAndAge } from './times.ts';
import { waitingTable } from './waiting-table.ts';
import { badge, CAUSES } from './words.ts';

const LIST = '/console/quarantine';

/** One cause: what waits for it, what an unmapped code may stand for, and the forms that settle it. */
export function addCause(site: Site): void {
  site.screen('/quarantine/:id', async (visit) => {
    const { c, say, api } = visit;
    const title = say('Nguyên nhân chờ xử lý', 'What waits, and why');
    const answer = await api.get<WholeCause>(
      `quarantine/${segment(c.req.param('id') ?? '')}`,
      queryOf(visit, ['cursor']),
    );
    const { body: found } = answer;
    if (!found) return answer.status === 404 ? settledScreen(visit, title) : refusedScreen(say, title, answer);
    return {
      title,
      body: html`<section class="card">${factsOf(visit, found)}</section>
${may(visit, 'ops:configure') ? formsOf(visit, found) : html`<p class="note">${say('Quyết định cần quyền ops:configure.', 'To decide takes ops:configure.')}</p>`}
<h2>${say('Những gì đang chờ', 'What waits')}</h2>${waitingTable(visit, found.waiting)}${pager(visit, found, {})}`,
    };
  });

  site.order('/quarantine/:id/resolve', async ({ c, say, api }, form) => {
    const id = segment(c.req.param('id') ?? '');
    const action = form('action');
    const to = action === 'map' ? (form('other') ?? form('to')) : undefined;
    const order = { action, to, party: form('party'), why: form('why') };
    const { body, problem } = await api.post<Resolved>(`quarantine/${id}/resolve`, order);
    if (!body)
      return {
        to: problem?.decided ? LIST : `${LIST}/${id}`,
        isDone: false,
        text: problem ? refusalText(say, problem) : '',
      };
    const { freed, stillWaiting } = body;
    const text =
      freed + stillWaiting === 0
        ? say('Không còn gì chờ nguyên nhân này nữa.', 'Nothing waited for this cause any more.')
        : say(`Đã gỡ ${freed} mục, còn chờ ${stillWaiting}.`, `${freed} are free, ${stillWaiting} still wait.`);
    return { to: stillWaiting > 0 ? `${LIST}/${id}` : LIST, isDone: true, text };
  });
}

function settledScreen({ say }: Visit, title: string): Screen {
  const text = say(
    'Không có gì chờ dưới số này, hoặc không còn nữa.',
    'Nothing waits under this number, or no longer.',
  );
  const list = say('Về danh sách chờ xử lý', 'To what waits');
  return { title, status: 404, body: html`<p class="card">${text} <a href="${LIST}">${list}</a></p>` };
}

function factsOf(
  { say, nowMs }: Visit,
  { kind, key, detail, since, dossiers, items, deliveries, parties }: WholeCause,
): Html {
  return facts([
    [say('Nguyên nhân', 'Cause'), html`${badge(say, CAUSES, kind)} <code>${key}</code>`],
    [say('Vì sao', 'Why'), html`<span class="words">${detail}</span>`],
    [say('Bên phụ trách', 'Whose it is'), html`${parties.map((one) => html`${partyLink(one)} `)}`],
    [say('Chờ từ', 'Since'), timeAndAge(say, since, nowMs)],
    [
      say('Đang chờ', 'Waiting'),
      say(
        `${dossiers} hồ sơ: ${items} mục chưa áp dụng, ${deliveries} lượt chưa chuyển`,
        `${dossiers} dossiers: ${items} items not applied, ${deliveries} deliveries not told`,
      ),
    ],
  ]);
}

function formsOf(visit: Visit, found: WholeCause): Html {
  const { say } = visit;
  const isUnmapped = found.kind === 'unmapped';
  return html`<section class="decide" aria-label="${say('Quyết định', 'Decide')}">
${isUnmapped ? mapForm(visit, found) : ''}
<details class="card"${isUnmapped ? html`` : html` open`}><summary>${say('Cho qua', 'Release')}</summary>
<p class="note">${releaseText(visit, found.kind)}</p>${resolveForm(visit, found, 'release', say('Cho qua', 'Release'))}</details>
<details class="card"><summary>${say('Bỏ, không áp dụng', 'Dismiss')}</summary>
<p class="note">${say(
    'Những mục này không bao giờ được áp dụng hay chuyển đi; thông điệp gốc vẫn được giữ, những gì xếp sau chúng chạy tiếp.',
    'These are never applied or told; the messages are kept, and what is behind them goes on.',
  )}</p>${resolveForm(visit, found, 'dismiss', say('Bỏ', 'Dismiss'))}</details></section>`;
}

function releaseText({ say }: Visit, kind: string): string {
  if (kind === 'doubtful-text') return say('Chữ được lấy đúng như đã nhận.', 'The text is taken as it stands.');
  if (kind === 'code-conflict')
    return say(
      'Nội dung đang chờ được áp dụng, thay nội dung đã giữ.',
      'What waits is applied, in place of what is held.',
    );
  return say(
    'Thử lại như hiện nay; còn vướng thì chờ tiếp.',
    'It is tried again as things are; what cannot go on waits again.',
  );
}

function mapForm(visit: Visit, found: WholeCause): Html {
  const { say } = visit;
  const candidates = html`<fieldset><legend>${say('Mã này nghĩa là', 'The code stands for')}</legend>${found.candidates.map(
    ({ to, label, score }, at) =>
      html`<label class="choice"><input type="radio" name="to" value="${to}"${at === 0 ? html` checked` : ''}>
<span><strong>${to}</strong> ${label} <span class="note">${say('giống', 'alike')} ${Math.round(score * 100)} %</span></span></label>`,
  )}
<label>${found.candidates.length > 0 ? say('hoặc mã khác', 'or another code') : say('Mã tương ứng', 'The code')}
<input name="other" maxlength="60" autocomplete="off"${found.candidates.length > 0 ? html`` : html` required`}></label></fieldset>`;
  return html`<section class="card"><h2>${say('Gán mã', 'Map the code')}</h2>
<p class="note">${say(
    'Thêm một dòng vào bảng mã (có phiên bản); dùng ngay cho những gì đang chờ và đang gửi.',
    'A versioned line of the code table; it counts at once for what waits and what is sent.',
  )}</p>${resolveForm(visit, found, 'map', say('Gán mã và gỡ', 'Map and free'), candidates)}</section>`;
}

function resolveForm(
  visit: Visit,
  { id, parties }: WholeCause,
  action: string,
  button: string,
  fields: Html = html``,
): Html {
  const { say } = visit;
  const all = { value: '', text: say('tất cả', 'all') };
  const choices = [all, ...parties.map((value) => ({ value, text: value }))];
  return orderForm(visit, {
    to: `/console/quarantine/${id}/resolve`,
    button,
    why: 'must',
    hidden: { action },
    fields: html`${fields}${parties.length > 1 ? choiceField('party', say('Cho bên', 'For the party'), choices) : ''}`,
  });
}
