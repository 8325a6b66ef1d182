import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import type { CatalogueReader } from '../catalogue/read.ts';
import type { Cursors } from '../http/cursor.ts';
import type { Refusal } from '../http/problem.ts';
import { addCataloguePages } from './catalogue.ts';
import type { Say } from './language.ts';
import { type Shown, show } from './layout.ts';
import { addLookUpPage } from './look-up.ts';
import { missingPage, refusedPage } from './refused.ts';
import { type StatisticsPageMeans, statisticsPage } from './statistics.ts';

export interface PageMeans extends StatisticsPageMeans {
  readonly province: { readonly name: string } | undefined;
  readonly catalogue: CatalogueReader;
  readonly cursors: Cursors;
  readonly nowMs: () => number;
  /** What an error comes to, as for the API. */
  readonly refusalOf: (error: unknown) => Refusal;
  /** Told of errors that are faults of ours. */
  readonly onFault: (what: string, error: unknown) => void;
}

/** Answer with a page for citizens. */
export type ShowPage = (
  c: Context,
  build: (say: Say) => Pick<Shown, 'title' | 'isTitleVietnamese' | 'body' | 'head' | 'asked' | 'status'>,
) => Response | Promise<Response>;

/** What citizens see without a key. */
export function addPages(app: Hono, means: PageMeans): void {
  const page: ShowPage = (c, build) => show(c, (say) => ({ ...frameOf(means, say), ...build(say) }));
  const pages = new Hono();
  pages.onError((error, c) => {
    const refusal = means.refusalOf(error);
    if (refusal.kind === 'internal') means.onFault(`${c.req.method} ${c.req.routePath}`, error);
    for (const [name, value] of Object.entries(refusal.headers)) c.header(name, value);
    return page(c, (say) => refusedPage(say, refusal));
  });
  const style = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8');
  pages.get('/pages/style.css', (c) =>
    c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' }),
  );
  addLookUpPage(pages, app, page, means);
  addCataloguePages(pages, page, means);
  pages.get('/statistics', statisticsPage(page, means));
  app.route('/', pages);
}

/** What people see at an address that there is not. */
export function unknownPage(province: PageMeans['province']): (c: Context) => Response | Promise<Response> {
  return (c) =>
    show(c, (say) => ({
      ...frameOf({ province }, say),
      ...missingPage(
        say,
        say(
          'Không có trang này. Hãy bắt đầu từ một trong các trang ở trên.',
          'There is no such page. Please begin from one of the pages above.',
        ),
      ),
    }));
}

/** What all pages for citizens have in common. */
function frameOf({ province }: Pick<PageMeans, 'province'>, say: Say) {
  return {
    owner: province?.name ?? say('Cổng dịch vụ công', 'Public-service portal'),
    links: [
      { href: '/', text: say('Tra cứu hồ sơ', 'Look up a dossier') },
      { href: '/services', text: say('Thủ tục hành chính', 'Services') },
      { href: '/statistics', text: say('Thống kê', 'Statistics') },
    ],
  };
}
