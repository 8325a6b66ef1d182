import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { segment } from './api.ts';
import { decideForms, targetsFor } from './decide.ts';
import { facts, pager, partyLink, queryOf } from './parts.ts';
import type { Resolved, WholeCause } from './records.ts';
import { refusalText, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import { may, type Screen, type Visit } from './visit.ts';
import { waitingTable } from './waiting-table.ts';
import { badge, CAUSES } from './words.ts';

const LIST = '/console/quarantine';

/** One cause: what waits for it, candidates for an unmapped code, and the forms that resolve it. */
export function addCause(site: Site): void {
  site.screen('/quarantine/:id', async (visit) => {
    const { c, say, api } = visit;
    const title = say('Nguyên nhân chờ xử lý', 'Quarantine cause');
    const answer = await api.get<WholeCause>(
      `quarantine/${segment(c.req.param('id') ?? '')}`,
      queryOf(visit, ['cursor']),
    );
    const { body: found } = answer;
    if (!found) return answer.status === 404 ? settledScreen(visit, title) : refusedScreen(say, title, answer);
    return {
      title,
      body: html`<section class="card">${factsOf(visit, found)}</section>
${may(visit, 'ops:configure') ? decideForms(visit, found, await targetsFor(visit, found)) : html`<p class="note">${say('Cần quyền ops:configure để quyết định.', 'To decide, you need the scope ops:configure.')}</p>`}
<h2>${say('Các mục đang chờ', 'Waiting for this cause')}</h2>${waitingTable(visit, found.waiting)}${pager(visit, found, {})}`,
    };
  });

  site.order('/quarantine/:id/resolve', async ({ c, say, api }, form) => {
    const id = segment(c.req.param('id') ?? '');
    const action = form('action');
    const [chosen, written] = action === 'map' ? [form('to'), form('other')] : [];
    if (chosen && written && chosen !== written)
      return { to: `${LIST}/${id}`, isDone: false, text: twoCodes(say, chosen, written) };
    const to = chosen ?? written;
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
        ? say('Không còn mục nào chờ nguyên nhân này.', 'Nothing was waiting for this cause.')
        : say(`Đã gỡ ${freed} mục, còn chờ ${stillWaiting}.`, `${freed} released, ${stillWaiting} still waiting.`);
    return { to: stillWaiting > 0 ? `${LIST}/${id}` : LIST, isDone: true, text };
  });
}

/** The form has both a chosen and a written code. The hub does not guess which one is meant. */
function twoCodes(say: Say, chosen: string, written: string): string {
  return say(
    `Đã chọn ${chosen} nhưng lại ghi ${written}; chưa gán gì. Muốn dùng ${written} thì chọn “mã khác”.`,
    `You chose ${chosen} but wrote ${written}; nothing was mapped. To use ${written}, choose “another code”.`,
  );
}

function settledScreen({ say }: Visit, title: string): Screen {
  const text = say(
    'Không có nguyên nhân nào mang số này, hoặc đã xử lý xong.',
    'No cause has this number, or it is resolved.',
  );
  const list = say('Về danh sách chờ xử lý', 'To the quarantine');
  return { title, status: 404, body: html`<p class="card">${text} <a href="${LIST}">${list}</a></p>` };
}

function factsOf(visit: Visit, { kind, key, detail, since, dossiers, items, deliveries, parties }: WholeCause): Html {
  const { say, nowMs } = visit;
  return facts([
    [say('Nguyên nhân', 'Cause'), html`${badge(say, CAUSES, kind)} <code>${key}</code>`],
    [say('Lý do', 'Reason'), html`<span class="words">${detail}</span>`],
    [say('Bên phụ trách', 'Responsible party'), html`${parties.map((one) => html`${partyLink(visit, one)} `)}`],
    [say('Chờ từ', 'Since'), timeAndAge(say, since, nowMs)],
    [
      say('Đang chờ', 'Waiting'),
      say(
        `${dossiers} hồ sơ: ${items} mục chưa áp dụng, ${deliveries} lượt chưa chuyển`,
        `${dossiers} dossiers: ${items} items not applied, ${deliveries} deliveries not sent`,
      ),
    ],
  ]);
}
