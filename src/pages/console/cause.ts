import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { decideForms, targetsFor } from './decide.ts';
import { facts, manyOf, pager, partyLink, queryOf, withoutPointer } from './parts.ts';
import type { Cause, Listed, Resolved, WholeCause } from './records.ts';
import { refusedOrder, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import { may, type Screen, type Visit } from './visit.ts';
import { waitingTable } from './waiting-table.ts';
import { causeSentence } from './words.ts';

const LIST = '/console/quarantine';
const MOST_QUEUED = 200;

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
    const { body: queue } = await api.get<Listed<Cause>>('quarantine', { limit: String(MOST_QUEUED) });
    return {
      title,
      body: html`${placeInQueue(visit, queue, found)}<section class="card">${factsOf(visit, found)}</section>
${may(visit, 'ops:configure') ? decideForms(visit, { ...found, following: nextOf(queue, found) }, await targetsFor(visit, found)) : html`<p class="note">${say('Cần quyền ops:configure để quyết định.', 'To decide, you need the scope ops:configure.')}</p>`}
<h2>${say('Các mục đang chờ', 'Waiting for this cause')}</h2>${waitingTable(visit, { items: found.waiting, next: found.next, total: found.total })}${pager(visit, found, {})}`,
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
    if (!body) return refusedOrder(say, problem?.decided ? LIST : `${LIST}/${id}`, problem);
    const { freed, stillWaiting } = body;
    const next = form('next');
    const text =
      freed + stillWaiting === 0
        ? say('Không còn mục nào chờ nguyên nhân này.', 'Nothing was waiting for this cause.')
        : say(
            `Đã gỡ ${number(say, freed)} mục, còn chờ ${number(say, stillWaiting)}.`,
            `${number(say, freed)} released, ${number(say, stillWaiting)} still waiting.`,
          );
    const after = next === undefined ? LIST : `${LIST}/${segment(next)}`;
    return { to: stillWaiting > 0 ? `${LIST}/${id}` : after, isDone: true, text };
  });
}

type Queue = Listed<Cause> | undefined;

/** The cause after this one. */
function nextOf(queue: Queue, { id }: WholeCause): string | undefined {
  const items = queue?.items ?? [];
  const at = items.findIndex((one) => one.id === id);
  const next = at < 0 ? undefined : items[at + 1];
  return next && String(next.id);
}

/** The place among the first causes, the ways to its neighbours, and the keys. */
function placeInQueue(visit: Visit, queue: Queue, { id, kind }: WholeCause): Html {
  const { say, hasShortcuts } = visit;
  const at = queue?.items.findIndex((one) => one.id === id) ?? -1;
  if (!queue || at < 0) return html``;
  const kbd = (key: string) => hasShortcuts && html` <kbd>${key}</kbd>`;
  const before = queue.items[at - 1];
  const next = queue.items[at + 1];
  return html`<p class="queue">${say(`Nguyên nhân ${at + 1} trong ${manyOf(say, queue)}, cũ nhất trước`, `Cause ${at + 1} of ${manyOf(say, queue)}, the oldest first`)}
${before ? html`<a href="${LIST}/${before.id}" data-key="p">${say('Trước', 'Previous')}${kbd('p')}</a>` : ''}
${next ? html`<a href="${LIST}/${next.id}" data-key="n">${say('Sau', 'Next')}${kbd('n')}</a>` : ''}
${hasShortcuts && may(visit, 'ops:configure') && html`<span class="note">${say('Phím:', 'Keys:')}${kind === 'unmapped' && html`${kbd('m')} ${say('gán mã', 'map')},`}${kbd('r')} ${say('cho qua', 'release')},${kbd('d')} ${say('bỏ', 'dismiss')}</span>`}</p>`;
}

/** The form has both a chosen and a written code. The hub does not guess which one is meant. */
function twoCodes(say: Say, chosen: string, written: string): string {
  return say(
    `Đã chọn ${chosen} nhưng ô mã ghi ${written}, nên chưa gán mã. Để dùng ${written}, hãy chọn “mã khác” rồi gửi lại.`,
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

function factsOf(
  visit: Visit,
  { kind, key, unmapped, detail, since, dossiers, items, deliveries, parties }: WholeCause,
): Html {
  const { say, nowMs } = visit;
  return facts([
    [
      say('Nguyên nhân', 'Cause'),
      html`<strong>${causeSentence(say, { kind, key, unmapped })}</strong> <code class="note">${key}</code>`,
    ],
    [say('Lý do', 'Reason'), html`<span class="words">${withoutPointer(detail)}</span>`],
    [say('Bên phụ trách', 'Responsible party'), html`${parties.map((one) => html`${partyLink(visit, one)} `)}`],
    [say('Chờ từ', 'Since'), timeAndAge(say, since, nowMs)],
    [
      say('Đang chờ', 'Waiting'),
      say(
        `${number(say, dossiers)} hồ sơ, bản ghi: ${number(say, items)} mục chưa áp dụng, ${number(say, deliveries)} lượt chưa chuyển`,
        `${counted(dossiers, 'dossier or record', 'dossiers or records')}: ${counted(items, 'item', 'items')} not applied, ${counted(deliveries, 'delivery', 'deliveries')} not sent`,
      ),
    ],
  ]);
}
