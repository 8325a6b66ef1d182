import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { Say } from './language.ts';
import type { ShowPage } from './page-context.ts';
import { callApi, troubleOf, troubleStatus } from './public-api.ts';

const API = '/api/public/receipts/';
const PAGE = '/receipts/';

/** The page of a receipt that the hub keeps. Undefined for an address elsewhere, such as the platform's. */
export function receiptPage(url: string | undefined): string | undefined {
  return url?.startsWith(API) ? `${PAGE}${url.slice(API.length)}` : undefined;
}

/** A citizen gets the receipt of a payment, or reads why its address does not work. */
export function addReceiptPage(pages: Hono, app: Hono, page: ShowPage): void {
  pages.get(`${PAGE}:address`, async (c: Context) => {
    const response = await callApi(app, c, `${API}${encodeURIComponent(c.req.param('address') ?? '')}`);
    if (response.status === 200) return response;
    const waitS = Number(response.headers.get('retry-after') ?? 60);
    const { status } = response;
    const isGone = status === 404 || status === 410;
    const shown = isGone ? status : troubleStatus(c, { status, waitS });
    return page(c, (say) => ({
      title: say('Không mở được biên lai', 'The receipt does not open'),
      status: shown,
      body: html`<p class="card" role="alert">${isGone ? whyGone(say, status) : troubleOf(say, { status, waitS })}</p>
<p><a class="button" href="/">${say('Tra cứu hồ sơ', 'Look up a dossier')}</a></p>`,
      asked: {},
    }));
  });
}

function whyGone(say: Say, status: 404 | 410): string {
  if (status === 410)
    return say(
      'Địa chỉ của biên lai đã hết hiệu lực (15 phút). Vui lòng tra cứu lại hồ sơ để mở biên lai.',
      'The address of the receipt has expired after 15 minutes. Look up the dossier again to open the receipt.',
    );
  return say(
    'Địa chỉ này không mở được biên lai nào. Vui lòng tra cứu hồ sơ để mở biên lai.',
    'This address opens no receipt. Look up the dossier to open its receipt.',
  );
}
