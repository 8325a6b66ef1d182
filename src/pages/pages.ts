import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { addCataloguePages } from './catalogue.ts';
import type { Say } from './language.ts';
import { show } from './layout.ts';
import { addLookUpPage } from './look-up.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { addAskPage } from './questions/ask.ts';
import { addFollowPage } from './questions/follow.ts';
import { addQuestionList } from './questions/list.ts';
import { addRatingPage } from './rating.ts';
import { missingPage, refusedPage } from './refused.ts';
import { statisticsPage } from './statistics.ts';

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
  const style = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8');
  pages.get('/pages/style.css', (c) =>
    c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' }),
  );
  addLookUpPage(pages, app, page, hub);
  addRatingPage(pages, app, page);
  addQuestionList(pages, app, page, hub);
  addAskPage(pages, app, page, hub);
  addFollowPage(pages, app, page, hub);
  addCataloguePages(pages, page, hub);
  pages.get('/statistics', statisticsPage(page, hub));
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
          'Không tìm thấy trang. Vui lòng bắt đầu từ một trong các trang ở trên.',
          'This page does not exist. Please start from one of the pages above.',
        ),
      ),
    }));
}

/** The common frame of all pages for citizens. */
function frameOf({ province }: Pick<PageContext, 'province'>, say: Say) {
  return {
    owner: province?.name ?? 'Liên Thông',
    site: say('Tra cứu thủ tục hành chính', 'Public services'),
    links: [
      { href: '/', text: say('Tra cứu hồ sơ', 'Look up a dossier') },
      { href: '/services', text: say('Thủ tục hành chính', 'Services') },
      { href: '/questions', text: say('Hỏi đáp', 'Questions') },
      { href: '/statistics', text: say('Thống kê', 'Statistics') },
    ],
  };
}
