import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import { parameterOf } from '../language.ts';
import type { Html } from '../layout.ts';
import { anomalyTable } from './anomalies.ts';
import { queryText, segment } from './api.ts';
import { deliveryTable } from './delivery-table.ts';
import { statesCard, statesOf } from './dossier-state.ts';
import { journeyOf } from './journey.ts';
import { messageTable } from './message-table.ts';
import { auditLink, restLink } from './parts.ts';
import { causeTable } from './quarantine.ts';
import type { Anomaly, Cause, Delivery, Journey, Listed, Message } from './records.ts';
import { refusalNote, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import type { Visit } from './visit.ts';

const SHOWN = '10';
/** A receipt, which is not a dossier code. */
const RECEIPT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Everything about one dossier, for a citizen who asks: its state, messages, quarantine and
 * deliveries.
 */
export function addDossierSearch(site: Site): void {
  site.screen('/dossiers', async (visit) => {
    const { c, say, api } = visit;
    const code = typedCode(parameterOf(c, 'code') ?? '');
    if (RECEIPT.test(code)) return c.redirect(`/console/messages${queryText({ receipt: code.toLowerCase() })}`, 303);
    const box = dossierBox(visit, code);
    if (code === '') return { title: say('Tìm hồ sơ', 'Find a dossier'), body: box };
    const query = { code, limit: SHOWN };
    const [states, causes, messages, deliveries, anomalies] = await Promise.all([
      statesOf(visit, code),
      api.get<Listed<Cause>>('quarantine', query),
      api.get<Listed<Message>>('messages', query),
      api.get<Listed<Delivery>>('deliveries', query),
      api.get<Listed<Anomaly>>('anomalies', query),
    ]);
    const [state] = states;
    const journey =
      state && states.length === 1 ? await api.get<Journey>(`dossiers/${segment(state.code)}/journey`) : undefined;
    const refused = journey?.problem ?? causes.problem ?? messages.problem ?? deliveries.problem ?? anomalies.problem;
    const whole = (list: string, part: Listed<unknown>): Html =>
      restLink(visit, part, `/console/${list}${queryText({ code })}`);
    return {
      title: say(`Hồ sơ ${code}`, `Dossier ${code}`),
      body: html`${box}${refusalNote(say, refused)}${
        state && journey?.body ? journeyOf(visit, journey.body, state) : statesCard(visit, states)
      }
<p class="links">${auditLink(visit, 'dossier', code)}
<a href="/console/dossiers/evidence${queryText({ code })}">${say('Tải chứng cứ đã ký', 'Download signed evidence')}</a></p>
<h2>${say('Chờ xử lý', 'In quarantine')}</h2>
${causes.body ? html`${causeTable(visit, causes.body)}${whole('quarantine', causes.body)}` : ''}
<h2>${say('Thông điệp về hồ sơ', 'Messages about it')}</h2>
${messages.body ? html`${messageTable(visit, messages.body)}${whole('messages', messages.body)}` : ''}
<h2>${say('Lượt chuyển', 'Deliveries')}</h2>
${deliveries.body ? html`${deliveryTable(visit, deliveries.body, 'one-dossier')}${whole('deliveries', deliveries.body)}` : ''}
<h2>${say('Bất thường', 'Anomalies')}</h2>
${anomalies.body ? html`${anomalyTable(visit, anomalies.body)}${whole('anomalies', anomalies.body)}` : ''}`,
    };
  });
  site.screen('/dossiers/evidence', async ({ c, say, api }) => {
    const code = parameterOf(c, 'code')?.trim() ?? '';
    const file = await api.file(`dossiers/${segment(code)}/evidence`);
    return file instanceof Response ? file : refusedScreen(say, say(`Hồ sơ ${code}`, `Dossier ${code}`), file);
  });
}

export function dossierBox({ say }: Visit, code = ''): Html {
  return html`<form class="card fields" method="get" action="/console/dossiers" role="search" aria-label="${say('Tìm hồ sơ', 'Find a dossier')}">
<label class="wide">${say('Mã hồ sơ, mã khác của hồ sơ, hoặc số biên nhận', 'Dossier code, alias or receipt')}
<input type="search" name="code" value="${code}" placeholder="H60.01-250812-0035" required maxlength="100"></label>
<button>${say('Tìm', 'Find')}</button></form>`;
}
