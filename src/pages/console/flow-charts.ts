import { html } from 'hono/html';
import { formatLocal } from '#core/dates/dates';
import { lineChart } from '../charts/line-chart.ts';
import { rankedBars } from '../charts/table-charts.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { emptyState } from '../parts/parts.ts';
import { counted, number } from '../words.ts';
import { meaningOf } from './reasons.ts';
import type { Flow } from './records.ts';
import { titleOf, type Visit } from './visit.ts';

const MOST_CAUSES = 5;

/** Received messages, and attempts at partners, over time. */
export function flowChart({ say }: Visit, { steps }: Flow): Html {
  const sum = (of: (step: Flow['steps'][number]) => number): number => steps.reduce((all, one) => all + of(one), 0);
  const [received, delivered, failed] = [
    sum((one) => one.received),
    sum((one) => one.delivered),
    sum((one) => one.failed),
  ];
  // The steps of an hour are minutes, those of a month are days.
  const isHour = steps.length > 31;
  return lineChart(say, {
    id: 'flow',
    title: isHour
      ? say('Thông điệp và lượt chuyển mỗi phút, 60 phút qua', 'Messages and attempts a minute, last 60 minutes')
      : say('Thông điệp và lượt chuyển mỗi ngày, 30 ngày qua', 'Messages and attempts a day, last 30 days'),
    description: say(
      `Đã nhận ${number(say, received)} thông điệp; ${number(say, delivered)} lần gửi thành công, ${number(say, failed)} lần không thành công.`,
      `${counted(received, 'message', 'messages')} received; ${counted(delivered, 'attempt', 'attempts')} delivered, ${number(say, failed)} failed.`,
    ),
    head: isHour ? say('Phút', 'Minute') : say('Ngày', 'Day'),
    labels: steps.map(({ at }) => {
      const text = formatLocal('dd/MM/yyyy HH:mm', at);
      return isHour ? text.slice(-5) : text.slice(0, 5);
    }),
    series: [
      { name: say('đã nhận', 'received'), values: steps.map((one) => one.received) },
      { name: say('gửi không thành công', 'failed'), values: steps.map((one) => one.failed) },
      { name: say('gửi thành công', 'delivered'), values: steps.map((one) => one.delivered) },
    ],
    format: (value) => number(say, value),
  });
}

/** Failed attempts of the last hour by cause, the most frequent first. */
export function failureBars(visit: Visit, { failures }: Flow): Html {
  const { say } = visit;
  const title = say(
    'Lần gửi không thành công theo nguyên nhân, 60 phút qua',
    'Failed attempts by cause, last 60 minutes',
  );
  if (failures.length === 0)
    return html`<figure class="chart card"><figcaption>${title}</figcaption>${emptyState('circle-check', say('Không có lần gửi nào không thành công.', 'No attempt failed.'))}</figure>`;
  const shown = failures.slice(0, MOST_CAUSES);
  const all = failures.reduce((total, { many }) => total + many, 0);
  return rankedBars({
    id: 'failures',
    title,
    description: say(
      `${number(say, all)} lần, ${failures.length} nguyên nhân${failures.length > shown.length ? `, hiện ${shown.length}` : ''}. Trục tự gửi lại.`,
      `${counted(all, 'attempt', 'attempts')}, ${counted(failures.length, 'cause', 'causes')}${failures.length > shown.length ? `, ${shown.length} shown` : ''}. The hub retries.`,
    ),
    head: say('Nguyên nhân', 'Cause'),
    valueHead: say('Số lần', 'Attempts'),
    rows: shown.map(({ party, reason, many }) => ({
      name: html`${reasonWords(say, reason)}<br><span class="note">${titleOf(visit, party)}</span>`,
      value: many,
      tone: 'bad',
    })),
    full: Math.max(...shown.map(({ many }) => many)),
    format: (value) => number(say, value),
  });
}

function reasonWords(say: Say, reason: string): string {
  const meaning = meaningOf(reason);
  return meaning ? say(meaning[0], meaning[1]) : reason;
}
