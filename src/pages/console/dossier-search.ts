import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import { parameterOf, type Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { emptyState } from '../parts/parts.ts';
import { anomalyTable } from './anomalies.ts';
import { type Answer, queryText, segment } from './api.ts';
import { deliveryTable } from './delivery-table.ts';
import { statesCard, statesOf } from './dossier-state.ts';
import { journeyOf } from './journey.ts';
import { messageTable } from './message-table.ts';
import { auditLink, restLink } from './parts.ts';
import { causeTable } from './quarantine.ts';
import type { Anomaly, Cause, Delivery, Journey, Listed, Message } from './records.ts';
import { refusalNote, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import type { Screen, Visit } from './visit.ts';

const SHOWN = '10';
/** A receipt, which is not a dossier code. */
const RECEIPT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Everything about one dossier, for a citizen who asks: its state, messages, quarantine and
 * deliveries.
 */
export function addDossierSearch(site: Site): void {
  site.screen('/dossiers', async (visit) => {
    const { c, say } = visit;
    const code = typedCode(parameterOf(c, 'code') ?? '');
    if (RECEIPT.test(code)) return c.redirect(`/console/messages${queryText({ receipt: code.toLowerCase() })}`, 303);
    const box = dossierBox(visit, code);
    if (code === '') return { title: say('Tìm hồ sơ', 'Find a dossier'), body: box };
    return dossierScreen(visit, code, box);
  });
  site.screen('/dossiers/evidence', async ({ c, say, api }) => {
    const code = parameterOf(c, 'code')?.trim() ?? '';
    const file = await api.file(`dossiers/${segment(code)}/evidence`);
    return file instanceof Response ? file : refusedScreen(say, say(`Hồ sơ ${code}`, `Dossier ${code}`), file);
  });
}

async function dossierScreen(visit: Visit, code: string, box: Html): Promise<Screen> {
  const { say, api } = visit;
  const query = { code, limit: SHOWN };
  const [current, causes, messages, deliveries, anomalies] = await Promise.all([
    statesOf(visit, code),
    api.get<Listed<Cause>>('quarantine', query),
    api.get<Listed<Message>>('messages', query),
    api.get<Listed<Delivery>>('deliveries', query),
    api.get<Listed<Anomaly>>('anomalies', query),
  ]);
  const states = current.body ?? [];
  const [state] = states;
  const journey =
    state && states.length === 1 ? await api.get<Journey>(`dossiers/${segment(state.code)}/journey`) : undefined;
  const title = say(`Hồ sơ ${code}`, `Dossier ${code}`);
  const lists = [causes, messages, deliveries, anomalies];
  const refused = [current, journey, ...lists].find((answer) => answer?.problem)?.problem;
  const isKnown = states.length > 0 || lists.some(({ body }) => (body?.items.length ?? 0) > 0);
  if (!isKnown && refused) {
    const screen = refusedScreen(say, title, { problem: refused });
    return { ...screen, body: html`${box}${screen.body}` };
  }
  if (!isKnown) return { title, body: html`${box}${nothingAbout(say, code)}` };
  return {
    title,
    body: html`${box}${refusalNote(say, refused)}${
      state && journey?.body ? journeyOf(visit, journey.body, state) : statesCard(visit, states)
    }
<p class="links">${auditLink(visit, 'dossier', code)}
<a href="/console/dossiers/evidence${queryText({ code })}">${say('Tải chứng cứ đã ký', 'Download signed evidence')}</a></p>
${listOf(visit, code, 'quarantine', say('Chờ xử lý', 'In quarantine'), causes, causeTable)}
${listOf(visit, code, 'messages', say('Thông điệp về hồ sơ', 'Messages about it'), messages, messageTable)}
${listOf(visit, code, 'deliveries', say('Lượt chuyển', 'Deliveries'), deliveries, (_, part) => deliveryTable(visit, part, 'one-dossier'))}
${listOf(visit, code, 'anomalies', say('Bất thường', 'Anomalies'), anomalies, anomalyTable)}`,
  };
}

/** A list under its heading. An empty one is left out. */
function listOf<Item>(
  visit: Visit,
  code: string,
  list: string,
  heading: string,
  { body }: Pick<Answer<Listed<Item>>, 'body'>,
  tableOf: (visit: Visit, part: Listed<Item>) => Html,
): Html {
  if (!body || body.items.length === 0) return html``;
  return html`<h2>${heading}</h2>
${tableOf(visit, body)}${restLink(visit, body, `/console/${list}${queryText({ code })}`)}`;
}

function nothingAbout(say: Say, code: string): Html {
  return emptyState(
    'search',
    say(
      `Trục chưa nhận thông điệp nào về mã ${code}. Hãy kiểm tra lại mã.`,
      `The hub has received no message about ${code}. Check the code.`,
    ),
    html`<p><a href="/console/search${queryText({ q: code })}">${say('Tìm mã này ở mọi nơi', 'Search for it everywhere')}</a></p>`,
  );
}

export function dossierBox({ say }: Visit, code = ''): Html {
  return html`<form class="card fields" method="get" action="/console/dossiers" role="search" aria-label="${say('Tìm hồ sơ', 'Find a dossier')}">
<label class="wide">${say('Mã hồ sơ, mã khác của hồ sơ, hoặc số biên nhận', 'Dossier code, alias or receipt')}
<input type="search" name="code" value="${code}" placeholder="H60.01-250812-0035" required maxlength="100"></label>
<button>${say('Tìm', 'Find')}</button></form>`;
}
