import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { html } from 'hono/html';
import { agenciesPage } from './agencies.ts';
import { sendAsset } from './assets.ts';
import { addCataloguePages } from './catalogue.ts';
import { addEmbed } from './embed/embed.ts';
import type { Say } from './language.ts';
import { type Shown, show } from './layout.ts';
import { addLookUpPage } from './look-up.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { addAskPage } from './questions/ask.ts';
import { addFollowPage } from './questions/follow.ts';
import { addQuestionList } from './questions/list.ts';
import { addRatingPage } from './rating.ts';
import { addReceiptPage } from './receipt.ts';
import { missingPage, refusedPage } from './refused.ts';
import { statisticsDownload, statisticsPage } from './statistics/statistics-page.ts';
import { statusPage } from './status.ts';

const COMPRESSED = [
  '/',
  '/services',
  '/services/*',
  '/agencies',
  '/questions',
  '/statistics',
  '/status',
  '/embed/dossier.js',
];

/** The pages for citizens, which need no key. */
export function addPages(app: Hono, hub: PageContext): void {
  const page: ShowPage = (c, build) => show(c, (say) => ({ ...frameOf(hub, say), ...build(say) }));
  const pages = new Hono();
  pages.onError((error, c) => {
    const refusal = hub.refusalOf(error);
    if (refusal.kind === 'internal') hub.telemetry.failed(`${c.req.method} ${c.req.routePath}`, error);
    for (const [name, value] of Object.entries(refusal.headers)) c.header(name, value);
    return page(c, (say) => refusedPage(say, refusal));
  });
  // Not the console: its pages hold a token beside text that others may choose.
  for (const path of COMPRESSED) pages.use(path, compress());
  pages.get('/pages/:file', async (c) => (await sendAsset(c, c.req.param('file'))) ?? unknownPage(hub.province)(c));
  addEmbed(pages);
  addLookUpPage(pages, app, page, hub);
  addRatingPage(pages, app, page);
  addReceiptPage(pages, app, page);
  addQuestionList(pages, app, page, hub);
  addAskPage(pages, app, page, hub);
  addFollowPage(pages, app, page, hub);
  addCataloguePages(pages, page, hub);
  pages.get('/agencies', agenciesPage(page, hub));
  pages.get('/statistics', statisticsPage(page, hub));
  pages.get('/statistics.csv', statisticsDownload(hub));
  pages.get('/status', statusPage(page, hub));
  app.route('/', pages);
}

/** The 404 page. */
export function unknownPage(province: PageContext['province']): (c: Context) => Response | Promise<Response> {
  return (c) =>
    show(c, (say) => ({
      ...frameOf({ province }, say),
      ...missingPage(
        say,
        say(
          'Không tìm thấy trang. Vui lòng kiểm tra lại địa chỉ, hoặc bắt đầu từ đây:',
          'This page does not exist. Please check the address, or start here:',
        ),
      ),
    }));
}

/** The common frame of all pages for citizens. */
function frameOf({ province }: Pick<PageContext, 'province'>, say: Say): Omit<Shown, 'title' | 'body'> {
  return {
    owner: province?.name ?? 'Liên Thông',
    site: say('Tra cứu thủ tục hành chính', 'Public services'),
    links: [
      { href: '/', text: say('Tra cứu hồ sơ', 'Look up a dossier'), icon: 'search' },
      { href: '/services', text: say('Thủ tục hành chính', 'Services'), icon: 'file-text' },
      { href: '/agencies', text: say('Cơ quan', 'Agencies'), icon: 'building-complex' },
      { href: '/questions', text: say('Hỏi đáp', 'Questions'), icon: 'messages-square' },
      { href: '/statistics', text: say('Thống kê', 'Statistics'), icon: 'chart-column' },
    ],
    footer: html`<p>${province?.name ?? 'Liên Thông'}</p>
<p><a href="/status">${say('Tình trạng hoạt động', 'System status')}</a> · <a href="/docs">${say('Dữ liệu mở cho lập trình viên', 'Open data for developers')}</a></p>`,
  };
}
