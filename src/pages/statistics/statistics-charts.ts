import { html } from 'hono/html';
import type { NamedMonths, StatisticsReport } from '../../statistics/statistics.ts';
import { lineChart } from '../charts/line-chart.ts';
import { heatMap, rankedBars } from '../charts/table-charts.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { figures, type Tone } from '../parts/parts.ts';
import { number, percent, vietnamese } from '../words.ts';
import { namelessAgency } from './statistics-words.ts';

/** The most important numbers of a period. */
export function periodFigures(
  say: Say,
  { received, resolved, pending, onTimePercent }: StatisticsReport['total'],
): Html {
  const came = received.online + received.direct;
  return figures([
    { value: number(say, came), what: say('hồ sơ mới tiếp nhận', 'dossiers received') },
    { value: number(say, resolved.total), what: say('hồ sơ đã giải quyết', 'dossiers resolved') },
    {
      value: percent(say, onTimePercent),
      what: say('giải quyết đúng hạn', 'resolved in time'),
      tone: toneOf(onTimePercent),
    },
    {
      value: percent(say, shareOf(received.online, came)),
      what: say('nộp trực tuyến', 'filed online'),
      tone: 'now',
    },
    {
      value: number(say, pending.late),
      what: say('hồ sơ đang quá hạn', 'dossiers overdue'),
      tone: pending.late > 0 ? 'bad' : 'good',
    },
  ]);
}

/** The last 24 months: what came and went, how it came, and who was in time. */
export function monthlyCharts(say: Say, monthly: NamedMonths): Html {
  const { months, total, lines } = monthly;
  if (total.every(({ online, direct, resolved }) => online + direct + resolved === 0)) return html``;
  const labels = months.map((key) => `${key.slice(5)}/${key.slice(2, 4)}`);
  const head = say('Tháng', 'Month');
  const count = (values: readonly number[]): string =>
    number(
      say,
      values.reduce((sum, value) => sum + value, 0),
    );
  const received = total.map(({ online, direct }) => online + direct);
  const resolved = total.map((one) => one.resolved);
  const onlineShare = total.map(({ online, direct }) => shareOf(online, online + direct));
  // The level chosen above narrows the period, not the months.
  return html`<h2>${say('24 tháng qua, mọi cơ quan', 'The last 24 months, all agencies')}</h2><div class="chart-pair">
${lineChart(say, {
  id: 'trend',
  title: say('Hồ sơ tiếp nhận và giải quyết', 'Dossiers received and resolved'),
  description: say(
    `24 tháng: tiếp nhận ${count(received)}, giải quyết ${count(resolved)} hồ sơ. Tháng này: tiếp nhận ${count(received.slice(-1))}, giải quyết ${count(resolved.slice(-1))}.`,
    `24 months: ${count(received)} received, ${count(resolved)} resolved. This month: ${count(received.slice(-1))} received, ${count(resolved.slice(-1))} resolved.`,
  ),
  head,
  labels,
  series: [
    { name: say('Tiếp nhận', 'Received'), values: received },
    { name: say('Giải quyết', 'Resolved'), values: resolved },
  ],
  format: (value) => number(say, value),
})}
${lineChart(say, {
  id: 'online',
  title: say('Tỷ lệ nộp trực tuyến', 'Share filed online'),
  description: say(
    `24 tháng: ${count(total.map(({ online }) => online))} trong ${count(received)} hồ sơ nộp trực tuyến. Tháng này: ${percent(say, onlineShare.at(-1) ?? null)}.`,
    `24 months: ${count(total.map(({ online }) => online))} of ${count(received)} dossiers filed online. This month: ${percent(say, onlineShare.at(-1) ?? null)}.`,
  ),
  head,
  labels,
  series: [{ name: say('Trực tuyến', 'Online'), values: onlineShare }],
  format: (value) => percent(say, value),
  atLeast: 100,
})}</div>
${onTimeMap(say, months, lines)}`;
}

/** More would not fit beside the names. */
const MAPPED_MONTHS = 12;

function onTimeMap(say: Say, months: NamedMonths['months'], lines: NamedMonths['lines']): Html | string {
  if (lines.length === 0) return '';
  const shares = lines.flatMap(({ months: numbers }) =>
    numbers.slice(-MAPPED_MONTHS).flatMap(({ inTime, resolved }) => shareOf(inTime, resolved, 0) ?? []),
  );
  const late = shares.filter((share) => levelOf(share) === 4).length;
  return heatMap({
    id: 'heat',
    title: say('Tỷ lệ đúng hạn theo tháng và cơ quan (%)', 'Share in time by month and agency (%)'),
    description: say(
      `${lines.length} cơ quan giải quyết nhiều hồ sơ nhất trong 24 tháng. ${late} trong ${shares.length} ô có hồ sơ dưới 80\u00a0%. Ô trống: không có hồ sơ đã giải quyết.`,
      `The ${lines.length} agencies that resolved the most in 24 months. ${late} of ${shares.length} cells with dossiers are below 80\u00a0%. An empty cell: nothing was resolved.`,
    ),
    head: say('Cơ quan', 'Agency'),
    columns: months.slice(-MAPPED_MONTHS).map((key) => `${key.slice(5)}/${key.slice(2, 4)}`),
    rows: lines.map(({ key, name, months: numbers }) => ({
      name: name ? vietnamese(name) : namelessAgency(say, key),
      values: numbers.slice(-MAPPED_MONTHS).map(({ inTime, resolved }) => shareOf(inTime, resolved, 0)),
    })),
    levelOf,
    legend: ['98–100', '95–97', '90–94', '80–89', say('dưới 80', 'below 80')],
    format: (value) => number(say, value),
  });
}

function levelOf(share: number): 0 | 1 | 2 | 3 | 4 {
  if (share >= 98) return 0;
  if (share >= 95) return 1;
  if (share >= 90) return 2;
  return share >= 80 ? 3 : 4;
}

const MOST_BARS = 20;

/** The agencies with the most resolved dossiers, the best first. */
export function onTimeBars(say: Say, { by, items }: StatisticsReport): Html | string {
  if (by !== 'agency') return '';
  const busiest = items
    .filter(({ key, onTimePercent }) => key !== null && onTimePercent !== null)
    .sort((a, b) => b.resolved.total - a.resolved.total)
    .slice(0, MOST_BARS)
    .sort((a, b) => (b.onTimePercent ?? 0) - (a.onTimePercent ?? 0) || b.resolved.total - a.resolved.total);
  if (busiest.length === 0) return '';
  const allInTime = busiest.filter(({ onTimePercent }) => onTimePercent === 100).length;
  const below = busiest.filter(({ onTimePercent }) => (onTimePercent ?? 0) < GOAL).length;
  return rankedBars({
    id: 'ranking',
    title: say('Tỷ lệ giải quyết đúng hạn theo cơ quan', 'Share resolved in time, by agency'),
    description: say(
      `${busiest.length} cơ quan giải quyết nhiều hồ sơ nhất trong kỳ, từ cao xuống thấp: ${allInTime} cơ quan giải quyết đúng hạn toàn bộ, ${below} cơ quan dưới ${GOAL}\u00a0%. Số trong ngoặc: hồ sơ đã giải quyết.`,
      `The ${busiest.length} agencies that resolved the most in the period, the best first: ${allInTime} always in time, ${below} below ${GOAL}\u00a0%. In brackets: dossiers resolved.`,
    ),
    head: say('Cơ quan', 'Agency'),
    valueHead: say('Tỷ lệ đúng hạn', 'Share in time'),
    full: 100,
    format: (value) => percent(say, value),
    rows: busiest.map(({ key, name, onTimePercent, resolved }) => ({
      name: html`${name ? vietnamese(name) : namelessAgency(say, key)} <span class="note">(${number(say, resolved.total)})</span>`,
      value: onTimePercent,
      tone: toneOf(onTimePercent),
    })),
  });
}

/** The share in time that the province wants to reach, in percent. */
const GOAL = 98;

/** The colours of shares. */
function toneOf(share: number | null): Tone {
  if (share === null) return 'plain';
  if (share >= GOAL) return 'good';
  return share >= 90 ? 'warn' : 'bad';
}

/** A share in percent, rounded down so that 100 means all. Null of nothing. */
export function shareOf(part: number, whole: number, decimals = 1): number | null {
  if (whole === 0) return null;
  const scale = 10 ** decimals;
  return Math.floor((part / whole) * 100 * scale) / scale;
}
