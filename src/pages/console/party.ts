import { html } from 'hono/html';
import { DAY_MS, instantToMs } from '#core/dates/dates';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { queryText, segment } from './api.ts';
import { orderForm } from './forms.ts';
import { incidentTable } from './incidents.ts';
import { healthOf, lastErrorOf } from './overview.ts';
import { auditLink, facts, listCaption, longText } from './parts.ts';
import { monthOf, partyFigures } from './party-flow.ts';
import type { Flow, Party } from './records.ts';
import { refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge, timeOf } from './times.ts';
import { may, titleOf, type Visit } from './visit.ts';
import { BREAKERS, OPERATIONS, PULLS, type WordTable, word } from './words.ts';

type Pull = Party['pulls'][number];
type Certificate = Party['certificates'][number];

/** One connected system: its facts, and the orders that apply to it. */
export function addParty(site: Site): void {
  site.screen('/parties/:party', async (visit) => {
    const { c, say, api } = visit;
    const id = c.req.param('party') ?? '';
    const title = titleOf(visit, id);
    const [answer, flow] = await Promise.all([
      api.get<Party>(`parties/${segment(id)}`),
      api.get<Flow>('flow', { period: 'month', party: id }),
    ]);
    return answer.body ? { title, body: partyOf(visit, answer.body, flow.body) } : refusedScreen(say, title, answer);
  });
}

function partyOf(visit: Visit, party: Party, flow: Flow | undefined): Html {
  const { say } = visit;
  const link = (state: string, text: string): Html =>
    html`<a href="/console/deliveries${queryText({ party: party.party, state })}">${text}</a>`;
  return html`${partyFigures(visit, party, flow)}<section class="card">${factsOf(visit, party)}</section>
<p class="links">${link('refused', say('Lượt bị từ chối', 'Refused'))} ${link('parked', say('Lượt ngừng gửi lại', 'Parked'))} <a href="/console/messages${queryText({ party: party.party })}">${say(
    'Thông điệp từ bên này',
    'Messages from it',
  )}</a> <a href="/console/code-tables${queryText({ party: party.party })}">${say('Bảng mã', 'Code tables')}</a> ${may(visit, 'ops:replay') && party.adapter ? html`<a href="/console/parties/${segment(party.party)}/backfill">${say('Chuyển bù…', 'Backfill…')}</a>` : ''} <a href="/console/parties/${segment(party.party)}/compared">${say('So với bên khác…', 'Compare…')}</a> ${party.takesFiles ? html`<a href="/console/parties/${segment(party.party)}/drops">${say('Tệp đã nhận', 'Files')}</a>` : ''} ${auditLink(visit, 'party', party.party)}</p>
<h2>${say('Sự cố đang mở', 'Open incidents')}</h2>${incidentTable(visit, { items: party.incidents })}
<p><a href="/console/incidents${queryText({ party: party.party, state: 'all' })}">${say('Mọi sự cố của bên này', 'All its incidents')}</a></p>
${flow ? monthOf(visit, flow) : ''}
${may(visit, 'ops:configure') ? ordersOf(visit, party) : ''}
<h2>${say('Lấy dữ liệu định kỳ', 'Pulls')}</h2>${pullTable(visit, party)}
<h2>${say('Chứng thư số', 'Certificates')}</h2>${certificateTable(visit, party.certificates)}`;
}

function factsOf(visit: Visit, party: Party): Html {
  const { say, nowMs } = visit;
  const { paused, adapter, breakers } = party;
  return facts([
    [say('Tình trạng', 'Health'), healthOf(visit, party)],
    [say('Tạm dừng', 'Paused'), paused && html`${timeAndAge(say, paused.at, nowMs)} ${paused.by ?? ''}`],
    [say('Lượt chờ cũ nhất', 'Oldest due'), party.oldestDueAt && timeAndAge(say, party.oldestDueAt, nowMs)],
    [say('Thành công gần nhất', 'Last success'), party.lastSuccessAt && timeAndAge(say, party.lastSuccessAt, nowMs)],
    [say('Lỗi gần nhất', 'Last error'), party.lastError && lastErrorOf(visit, party)],
    [
      say('Tự động ngắt kết nối', 'Breaker'),
      breakers.length === 0
        ? word(say, BREAKERS, 'closed')
        : html`${breakers.map(
            ({ process, state, since }, at) =>
              html`<span title="${process}">${breakers.length > 1 ? say(`tiến trình ${at + 1}: `, `process ${at + 1}: `) : ''}${word(say, BREAKERS, state)}</span>, ${say('từ', 'since')} ${timeAndAge(say, since, nowMs)}<br>`,
          )}`,
    ],
    [say('Giới hạn lần gọi', 'Budget'), budgetOf(visit, party)],
    [say('Giờ bảo trì', 'Maintenance'), party.maintenance.map((one) => windowOf(visit, one)).join('; ')],
    [say('Bảo trì đến', 'Maintenance until'), party.maintenanceUntil && timeOf(party.maintenanceUntil)],
    [say('Phụ trách mặc định', 'Authoritative'), party.authoritative ? say('có', 'yes') : say('không', 'no')],
    [say('Nhận', 'Receives'), adapter?.sends.map((operation) => word(say, OPERATIONS, operation)).join(', ')],
    [say('Mã bên kết nối', 'Id'), html`<code>${party.party}</code>`],
    [
      say('Cấu hình', 'Configuration'),
      party.configured
        ? ''
        : say('không còn trong cấu hình; các lượt chuyển tiếp tục chờ', 'not configured any more; due deliveries wait'),
    ],
  ]);
}

function budgetOf({ say }: Visit, { budget }: Party): string {
  const { callsPerSecond, concurrency } = budget as { callsPerSecond?: number; concurrency?: number };
  const limits = [
    callsPerSecond === undefined ? '' : say(`${callsPerSecond} lần gọi mỗi giây`, `${callsPerSecond} calls a second`),
    concurrency === undefined ? '' : say(`${concurrency} hồ sơ cùng lúc`, `${concurrency} dossiers at once`),
  ].filter(Boolean);
  return limits.length > 0 ? limits.join(', ') : say('không giới hạn', 'none');
}

const DAY_NAMES = {
  monday: ['thứ hai', 'Monday'],
  tuesday: ['thứ ba', 'Tuesday'],
  wednesday: ['thứ tư', 'Wednesday'],
  thursday: ['thứ năm', 'Thursday'],
  friday: ['thứ sáu', 'Friday'],
  saturday: ['thứ bảy', 'Saturday'],
  sunday: ['chủ nhật', 'Sunday'],
} as const satisfies WordTable;

function windowOf({ say }: Visit, window: Party['maintenance'][number]): string {
  const { from, to, days } = window as { from: string; to: string; days?: readonly string[] };
  const on = days?.map((day) => word(say, DAY_NAMES, day)).join(', ') ?? say('hằng ngày', 'every day');
  return `${from}–${to}, ${on}`;
}

function ordersOf(visit: Visit, { party, paused }: Party): Html {
  const { say } = visit;
  const to = (what: string): string => `/console/parties/${segment(party)}/${what}`;
  return html`<section class="card" id="pause"><h2>${paused ? say('Chạy tiếp', 'Resume') : say('Tạm dừng', 'Pause')}</h2>
<p class="note">${
    paused
      ? say(
          'Các lượt đã kết thúc trong lúc tạm dừng không được thực hiện lại.',
          'Deliveries that were settled in the meantime stay settled.',
        )
      : say(
          'Ngừng ngay việc gửi và lấy dữ liệu mới với bên này, ở mọi tiến trình. Không mất dữ liệu: các lượt chuyển tiếp tục chờ.',
          'All processes stop sending to this party and pulling from it at once. Nothing is lost: deliveries wait.',
        )
  }</p>${
    paused
      ? orderForm(visit, { to: to('resume'), button: say('Chạy tiếp', 'Resume'), why: 'may' })
      : orderForm(visit, { to: to('pause'), button: say('Tạm dừng', 'Pause'), why: 'must' })
  }</section>`;
}

function pullTable(visit: Visit, { party, pulls, adapter }: Party): Html {
  const { say, nowMs } = visit;
  const columns = [
    {
      head: say('Nội dung', 'What'),
      cell: ({ name }: Pull) => html`${pullName(visit, name)} <code class="note">${name}</code>`,
    },
    { head: say('Lần cuối', 'Last'), cell: ({ lastAt }: Pull) => timeAndAge(say, lastAt, nowMs) },
    {
      head: say('Lần tới', 'Next'),
      cell: ({ nextAt, isRunning }: Pull) => (isRunning ? say('đang chạy', 'running') : timeAndAge(say, nextAt, nowMs)),
    },
    { head: say('Lỗi', 'Error'), cell: ({ lastError }: Pull) => longText(lastError && lastError) },
  ];
  const now = {
    head: say('Thao tác', 'Action'),
    cell: ({ name }: Pull) =>
      orderForm(visit, {
        to: `/console/parties/${segment(party)}/pull`,
        hidden: { name },
        isQuiet: true,
        button: say('Lấy ngay', 'Pull now'),
        label: say(`Lấy ngay: ${pullName(visit, name)}`, `Pull now: ${pullName(visit, name)}`),
      }),
  };
  const mayPull = may(visit, 'ops:configure') && adapter !== null;
  return table<Pull>({
    caption: listCaption(
      visit,
      { items: pulls },
      ['lịch lấy dữ liệu', 'scheduled pull', 'scheduled pulls'],
      ['theo cấu hình', 'as configured'],
    ),
    empty: say('Không có lịch lấy dữ liệu từ bên này.', 'The hub pulls nothing from this party.'),
    items: pulls,
    columns: mayPull ? [...columns, now] : columns,
  });
}

function pullName({ say }: Visit, name: string): string {
  return word(say, PULLS, name);
}

const SOON_MS = 30 * DAY_MS;

function certificateTable(visit: Visit, items: readonly Certificate[]): Html {
  const { say, nowMs } = visit;
  return table<Certificate>({
    caption: listCaption(
      visit,
      { items },
      ['chứng thư số trong cấu hình', 'certificate in the settings', 'certificates in the settings'],
      ['theo cấu hình', 'as configured'],
    ),
    empty: say('Không có chứng thư số trong cấu hình.', 'There are no certificates in its settings.'),
    items,
    columns: [
      { head: say('Chủ thể', 'Subject'), cell: ({ subject }) => html`<span class="words">${subject}</span>` },
      { head: say('Từ', 'From'), cell: ({ validFrom }) => timeOf(validFrom) },
      {
        head: say('Hết hạn', 'Until'),
        cell: ({ validTo }) => {
          const leftMs = instantToMs(validTo) - nowMs;
          const tone = leftMs < 0 ? 'bad' : leftMs < SOON_MS ? 'warn' : 'good';
          return html`<span class="${tone}">${timeAndAge(say, validTo, nowMs)}</span>`;
        },
      },
    ],
  });
}
