import type { Context } from 'hono';
import { html } from 'hono/html';
import { DAY_MS, formatLocal, instantToMs } from '#core/dates/dates';
import type { Bilingual } from '#messages/message';
import type { HubStatus, Interruption, InterruptionPage } from '../ledger/hub-status.ts';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { numberedPaging, pageIn } from './parts/paging.ts';
import { figures, type Tone } from './parts/parts.ts';
import { table } from './parts/table.ts';
import { amount, counted, durationOf, moment, number, percent } from './words.ts';

/** The page for leaders: whether the hub works, which connections do not, and the last interruptions. */
export function statusPage(
  page: ShowPage,
  hub: Pick<PageContext, 'status' | 'parties'>,
): (c: Context) => Promise<Response> {
  return async (c) => {
    // The first page says how many there are, so no other number is remembered.
    const first = await hub.status(1);
    const at = Math.min(pageIn(c), first.closed.pages);
    const status = at === 1 ? first : await hub.status(at);
    const shown = { parties: hub.parties, at: status.at };
    return page(c, (say) => ({
      title: say('Tình trạng hoạt động', 'System status'),
      body: html`${summary(say, status, hub.parties.size)}
<h2>${say('Kết nối đang gián đoạn', 'Connections that are interrupted')}</h2>
${interruptionTable(say, shown, status.open, wholeOf(say, status.open.length), say('Mọi kết nối đang hoạt động.', 'All connections work.'))}
<h2 id="interruptions">${say('30 ngày qua', 'The last 30 days')}</h2>
${gapTable(say, status)}
${interruptionTable(
  say,
  shown,
  status.closed.items,
  partOf(say, status.closed),
  say('Không có gián đoạn kết nối.', 'No connection was interrupted.'),
)}${numberedPaging(say, at, status.closed.pages, (page) => `${LIST}?page=${page}#interruptions`)}
<p class="note">${say('Số liệu lúc', 'As of')} ${moment(status.at)}</p>`,
    }));
  };
}

const LIST = '/status';

const wholeOf = (say: Say, many: number): string =>
  say(
    `${number(say, many)} lần gián đoạn kết nối`,
    counted(many, 'interruption of connections', 'interruptions of connections'),
  );

function partOf(say: Say, { items, from, total }: InterruptionPage): string {
  const whole = wholeOf(say, total);
  if (items.length === total) return whole;
  const [first, last] = [number(say, from + 1), number(say, from + items.length)];
  return `${whole}${say(`, hiện lần ${first}–${last}`, `, here ${first} to ${last}`)}`;
}

function summary(say: Say, { availability, open }: HubStatus, parties: number): Html {
  const { known, upMs } = availability;
  const wholeMs = known ? instantToMs(known.to) - instantToMs(known.from) : 0;
  const away = new Set(open.map(({ party }) => party)).size;
  const tone: Tone = away > 0 ? 'warn' : 'good';
  return figures([
    {
      value: away === 0 ? say('Bình thường', 'Normal') : number(say, away),
      what: away === 0 ? say('mọi kết nối hoạt động', 'all connections work') : say('kết nối gián đoạn', 'interrupted'),
      more:
        away === 0
          ? amount(say, parties, ['hệ thống', 'system', 'systems'])
          : say(`trong ${number(say, parties)} hệ thống`, `of ${number(say, parties)} systems`),
      tone,
    },
    {
      value: percent(say, wholeMs > 0 ? Math.floor((upMs / wholeMs) * 10_000) / 100 : null),
      what: say('thời gian hoạt động', 'of the time available'),
      more: sinceText(say, availability),
    },
  ]);
}

/** A hub that is younger than 30 days says since when it counts. */
function sinceText(say: Say, { known }: HubStatus['availability']): string {
  if (known === undefined || instantToMs(known.to) - instantToMs(known.from) >= MONTH_MS)
    return say('trong 30 ngày qua', 'in the last 30 days');
  const from = formatLocal('dd/MM/yyyy HH:mm', known.from);
  return say(`từ ${from}`, `since ${from}`);
}

/** 30 days, less the hour by which the first report of a process may be late. */
const MONTH_MS = 30 * DAY_MS - 3_600_000;

function gapTable(say: Say, { availability }: HubStatus): Html {
  return table({
    caption: say(
      `${availability.gaps.length} lần trục liên thông ngừng phục vụ, mới nhất trước`,
      `${counted(availability.gaps.length, 'time without service', 'times without service')}, the newest first`,
    ),
    empty: say('Trục liên thông hoạt động liên tục.', 'The hub worked all the time.'),
    emptyIcon: 'circle-check',
    items: availability.gaps.toReversed(),
    columns: [
      { head: say('Từ', 'From'), cell: ({ from }) => moment(from) },
      { head: say('Đến', 'To'), cell: ({ to }) => moment(to) },
      { head: say('Thời gian', 'Duration'), cell: ({ from, to }) => durationOf(say, secondsBetween(from, to)) },
      {
        head: say('Loại', 'Kind'),
        cell: ({ wasOrdered }) => (wasOrdered ? say('có kế hoạch', 'planned') : say('sự cố', 'failure')),
      },
    ],
  });
}

function interruptionTable(
  say: Say,
  { parties, at }: Pick<PageContext, 'parties'> & { readonly at: string },
  items: readonly Interruption[],
  many: string,
  empty: string,
): Html {
  return table<Interruption>({
    caption: `${many}${say(', mới nhất trước', ', the newest first')}`,
    empty,
    emptyIcon: 'circle-check',
    items,
    columns: [
      {
        head: say('Hệ thống', 'System'),
        cell: ({ party }) => parties.get(party)?.title ?? say('Trục liên thông', 'The hub'),
      },
      { head: say('Tình trạng', 'State'), cell: ({ kind }) => say(STATES[kind][0], STATES[kind][1]) },
      { head: say('Từ', 'Since'), cell: ({ openedAt }) => moment(openedAt) },
      {
        head: say('Đến', 'Until'),
        cell: ({ closedAt }) => (closedAt === null ? say('chưa kết thúc', 'not over') : moment(closedAt)),
      },
      {
        head: say('Thời gian', 'Duration'),
        cell: ({ openedAt, closedAt }) => durationOf(say, secondsBetween(openedAt, closedAt ?? at)),
      },
    ],
  });
}

const STATES = {
  'no-connection': ['mất kết nối', 'no connection'],
  'no-data': ['không lấy được dữ liệu', 'no data can be fetched'],
  restored: ['khôi phục dữ liệu', 'data was restored'],
} as const satisfies Readonly<Record<Interruption['kind'], Bilingual>>;

const secondsBetween = (from: string, to: string): number => Math.round((instantToMs(to) - instantToMs(from)) / 1_000);
