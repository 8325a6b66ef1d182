import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { figures } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { shareOf } from '../statistics/statistics-charts.ts';
import { amount, moment, number, percent } from '../words.ts';
import { queryText } from './api.ts';
import { flowChart } from './flow-charts.ts';
import { listCaption, reasonOf } from './parts.ts';
import type { Flow, Party } from './records.ts';
import type { Visit } from './visit.ts';

/** The flow of a month by day, and its failures. */
export function monthOf(visit: Visit, flow: Flow): Html {
  return html`<h2>${visit.say('30 ngày qua', 'The last 30 days')}</h2>${flowChart(visit, flow)}${failureTable(visit, flow)}`;
}

/** The share of delivered attempts, the durations, and what is open. */
export function partyFigures({ say }: Visit, party: Party, flow: Flow | undefined): Html {
  const [own] = flow?.parties ?? [];
  const attempts = own ? own.delivered + own.failed : 0;
  const share = own && attempts > 0 ? shareOf(own.delivered, attempts) : null;
  const within = (ms: number | null | undefined): string =>
    ms == null ? '–' : ms < 1_000 ? `≤ ${ms} ms` : `≤ ${number(say, ms / 1_000)} s`;
  const to = (state: string): string => `/console/deliveries${queryText({ party: party.party, state })}`;
  return figures([
    {
      value: percent(say, share),
      what: say('lần gửi thành công, 30 ngày', 'of attempts delivered, 30 days'),
      more: amount(say, attempts, ['lần gửi', 'attempt', 'attempts']),
      tone: share === null ? 'plain' : share >= 99 ? 'good' : share >= 90 ? 'warn' : 'bad',
    },
    {
      value: within(own?.medianMs),
      what: say('thời gian trung vị mỗi lần gửi', 'for half of the calls'),
      more: say(
        `95\u00a0%: ${within(own?.p95Ms)}; 99\u00a0%: ${within(own?.p99Ms)}`,
        `95\u00a0%: ${within(own?.p95Ms)}; 99\u00a0%: ${within(own?.p99Ms)}`,
      ),
    },
    { value: number(say, party.backlog.due), what: say('lượt chờ gửi', 'deliveries due'), href: to('due') },
    { value: number(say, party.backlog.held), what: say('lượt tạm giữ', 'deliveries held'), href: to('held') },
    {
      value: number(say, party.failed),
      what: say('lượt không thành công, cần xử lý', 'failed deliveries'),
      href: to('failed'),
      tone: party.failed > 0 ? 'bad' : 'plain',
    },
  ]);
}

/** The failures of a month by reason, each with its deliveries. */
function failureTable(visit: Visit, { failures }: Flow): Html {
  const { say } = visit;
  if (failures.length === 0) return html``;
  return table<Flow['failures'][number]>({
    caption: listCaption(
      visit,
      { items: failures },
      ['nguyên nhân lỗi', 'cause of errors', 'causes of errors'],
      ['nhiều nhất trước', 'the most frequent first'],
    ),
    empty: '',
    items: failures,
    columns: [
      { head: say('Nguyên nhân', 'Cause'), cell: ({ reason }) => reasonOf(visit, reason) },
      { head: say('Số lần', 'Attempts'), cell: ({ many }) => number(say, many), isNumber: true },
      {
        head: say('Lỗi gần nhất, trong giờ từ', 'Last error, in the hour from'),
        cell: ({ lastAt }) => moment(lastAt),
      },
      {
        head: say('Lượt chuyển', 'Deliveries'),
        cell: ({ party, reason }) =>
          html`<a href="/console/deliveries${queryText({ party, reason })}">${say('Xem', 'Show')}</a>`,
      },
    ],
  });
}
