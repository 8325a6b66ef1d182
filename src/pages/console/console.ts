import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { html } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { render } from '#messages/render';
import type { Refusal } from '../../http/problem.ts';
import type { Language, Say } from '../language.ts';
import { show } from '../layout.ts';
import { addAnomalies } from './anomalies.ts';
import { addAsks } from './asks.ts';
import { addAudit } from './audit.ts';
import { addBackfill } from './backfill.ts';
import { addBulk } from './bulk.ts';
import { addCause } from './cause.ts';
import { addCodePreview } from './code-preview.ts';
import { addCodeTables } from './code-tables.ts';
import { addCompared } from './compared.ts';
import type { ConsoleContext } from './console-context.ts';
import { addDeliveries } from './deliveries.ts';
import { addDelivery } from './delivery.ts';
import { addDossierSearch } from './dossier-search.ts';
import { addDrop } from './drop.ts';
import { addDrops } from './drops.ts';
import { addDueDossiers } from './due-dossiers.ts';
import { addErase } from './erase.ts';
import { ownerOf } from './frame.ts';
import { addIncidents } from './incidents.ts';
import { addMappingTable } from './mapping-table.ts';
import { addMappings } from './mappings.ts';
import { addMessage } from './message.ts';
import { addMessages } from './messages.ts';
import { addNewReplay } from './new-replay.ts';
import { addOverview } from './overview.ts';
import { addPartsPage } from './parts-page.ts';
import { addParty } from './party.ts';
import { addPartyOrders } from './party-orders.ts';
import { addQuarantine } from './quarantine.ts';
import { addQueuedRecord } from './queued-record.ts';
import { addRecordQueue } from './record-queue.ts';
import { crossSite, refusedScreen, tooLarge } from './refusals.ts';
import { addReplays } from './replays.ts';
import { addReports } from './reports.ts';
import { addRetention } from './retention.ts';
import { addSavedFilters } from './saved-filters.ts';
import { addSearch } from './search.ts';
import { addSignIn } from './sign-in.ts';
import { createSite, textsSentIn } from './site.ts';
import { addStatistics } from './statistics.ts';
import { addTroubledRecords } from './troubled-records.ts';
import { addUnknownCodes } from './unknown-codes.ts';
import { textsToCopy } from './unsent.ts';
import type { Screen } from './visit.ts';

/**
 * The operators' console, at /console.
 *
 * All data comes from the operators' API, called with the officer's key. Partners wrote the shown texts, and
 * none of them is trusted.
 */
export function addConsole(app: Hono, hub: ConsoleContext): void {
  const hono = new Hono();
  hono.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
    // Only our own pages receive a referrer. Browsers then state the origin of each form.
    c.header('Referrer-Policy', 'same-origin');
  });
  hono.use(csrf({ origin: (origin, c) => hostOf(origin) === hostOf(hub.clients.originOf(c)) }));
  addScreens(hono, app, hub);
  hono.onError(async (error, c) => {
    // Hono refuses a form from another site before any screen runs.
    const refusal = error instanceof HTTPException ? undefined : hub.refusalOf(error);
    if (refusal?.kind === 'internal') hub.telemetry.failed(`${c.req.method} ${c.req.routePath}`, error);
    for (const [name, value] of Object.entries(refusal?.headers ?? {})) c.header(name, value);
    const unsent = refusal ? await textsSentIn(c).catch(() => []) : [];
    return show(c, (say) => {
      const { title, status = 500, body } = refusal ? refused(say, refusal) : crossSite(say);
      return {
        title,
        status,
        body: html`${body}${textsToCopy(say, unsent)}`,
        ...ownerOf(hub, say),
        links: [{ href: '/console', text: say('Tổng quan', 'Overview'), icon: 'layout-dashboard' }],
      };
    });
  });
  app.route('/console', hono);
}

function addScreens(hono: Hono, app: Hono, hub: ConsoleContext): void {
  const site = createSite(hono, app, hub);
  addSignIn(hono, site, app, hub);
  addOverview(site);
  addParty(site);
  addPartyOrders(site);
  addDrops(site);
  addDrop(site);
  addBackfill(site);
  addCompared(site);
  addDossierSearch(site);
  addSearch(site);
  addBulk(site);
  addDeliveries(site);
  addDelivery(site);
  // Before the route of one run, which would read `new` as an id.
  addNewReplay(site);
  addReplays(site);
  addMessages(site);
  addMessage(site);
  addQuarantine(site);
  addCause(site);
  addRecordQueue(site);
  addTroubledRecords(site);
  addQueuedRecord(site);
  addCodeTables(site);
  addCodePreview(site);
  // Before the page of one change, which would read `table` as an id.
  addMappingTable(site);
  addMappings(site);
  addUnknownCodes(site);
  addAnomalies(site);
  addIncidents(site, hub);
  addStatistics(site, hub);
  addDueDossiers(site);
  addReports(site, hub);
  addRetention(site);
  addAsks(site);
  addErase(site);
  addAudit(site);
  addPartsPage(site);
  addSavedFilters(site);
  site.screen('/*', async ({ say }) => ({
    title: say('Không có trang này', 'There is no such page'),
    status: 404,
    body: html`<p class="card">${say(
      'Địa chỉ này không mở trang nào. Ghi mã hồ sơ, tên bên kết nối hoặc mã sự cố vào ô tìm kiếm, hoặc',
      'No page has this address. Search for the code of a dossier, a party or an incident, or',
    )} <a href="/console">${say('về tổng quan', 'go to the overview')}</a>.</p>`,
  }));
}

function refused(say: Say, { kind, status, words }: Refusal): Screen {
  const title = say('Trục không trả lời được', 'The hub could not answer');
  if (kind === 'too-large') return tooLarge(say);
  if (kind !== 'internal')
    return refusedScreen(say, title, { problem: { status, detail: render(words, say('vi', 'en') as Language) } });
  return {
    title,
    status: 500,
    body: html`<p class="card" role="alert">${say('Lỗi đã được ghi lại. Hãy thử lại sau ít giây.', 'The error is in the log. Try again soon.')}</p>`,
  };
}

/** The host of an origin. Undefined when the browser names none. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
