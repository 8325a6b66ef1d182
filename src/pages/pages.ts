import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Say } from './language.ts';
import { show } from './layout.ts';
import { type StatisticsPageMeans, statisticsPage } from './statistics.ts';

export interface PageMeans extends Omit<StatisticsPageMeans, 'frame'> {
  readonly province: { readonly name: string } | undefined;
}

/** What citizens see without a key. */
export function addPages(app: Hono, means: PageMeans): void {
  const style = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8');
  app.get('/pages/style.css', (c) =>
    c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' }),
  );
  app.get('/statistics', statisticsPage({ ...means, frame: (say) => frameOf(means, say) }));
  app.get('/', (c) =>
    show(c, (say) => ({ ...frameOf(means, say), title: say('Tra cứu hồ sơ', 'Look up a dossier'), body: html`` })),
  );
}

/** What all pages for citizens have in common. */
function frameOf({ province }: PageMeans, say: Say) {
  return {
    owner: province?.name ?? say('Cổng dịch vụ công', 'Public-service portal'),
    links: [
      { href: '/', text: say('Tra cứu hồ sơ', 'Look up a dossier') },
      { href: '/services', text: say('Thủ tục hành chính', 'Services') },
      { href: '/statistics', text: say('Thống kê', 'Statistics') },
    ],
  };
}
