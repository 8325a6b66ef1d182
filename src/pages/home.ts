import { setTimeout as sleep } from 'node:timers/promises';
import { html } from 'hono/html';
import type { StatisticsReport } from '../statistics/statistics.ts';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { lifeEvents } from './life-events.ts';
import type { PageContext } from './page-context.ts';
import { icon } from './parts/icon.ts';
import { periodFigures } from './statistics/statistics-charts.ts';
import { quarterOf } from './statistics/statistics-page.ts';
import { periodName } from './statistics/statistics-words.ts';

export type HomeHub = Pick<PageContext, 'statistics' | 'nowMs' | 'reportingDay'>;

export interface Glance {
  readonly period: string;
  readonly total: StatisticsReport['total'];
}

/** The look-up never waits longer for the figures below it. */
const MOST_WAIT_MS = 300;

/** The province's figures of this quarter. Undefined when they are not ready. */
export async function readGlance({ statistics, nowMs, reportingDay }: HomeHub): Promise<Glance | undefined> {
  const period = quarterOf(nowMs(), reportingDay);
  const report = statistics({ period, by: 'agency', rule: '766' }).catch(() => undefined);
  const found = await Promise.race([report, sleep(MOST_WAIT_MS, undefined, { ref: false })]);
  return found ? { period, total: found.total } : undefined;
}

/** The part of the first page below the look-up: services, and figures of the quarter. */
export function homeView(say: Say, glance: Glance | undefined): Html {
  return html`<h2>${say('Tìm thủ tục hành chính', 'Find a service')}</h2>
<form class="card fields" method="get" action="/services" role="search">
<label class="wide">${say('Tên thủ tục', 'Name of the service')}<input type="search" name="q" maxlength="200" placeholder="${say('ví dụ: đăng ký khai sinh', 'such as: đăng ký khai sinh')}"></label>
<button>${icon('search')} ${say('Tìm thủ tục', 'Find the service')}</button></form>
${lifeEvents(say)}
${
  glance &&
  html`<h2>${say('Kết quả giải quyết hồ sơ', 'How dossiers are handled')}: ${periodName(say, glance.period)}</h2>
${periodFigures(say, glance.total)}
<p><a href="/statistics">${say('Xem thống kê đầy đủ', 'All statistics')}</a></p>`
}`;
}
