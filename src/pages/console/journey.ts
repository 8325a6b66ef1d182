import { html } from 'hono/html';
import { endOfTerm, instantToMs } from '#core/dates/dates';
import { rankedBars } from '../charts/table-charts.ts';
import type { Html } from '../layout.ts';
import { badgeOf } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { amount, durationOf } from '../words.ts';
import { stateText } from './dossier-state.ts';
import { journeyDiagram } from './journey-diagram.ts';
import { holderAt } from './journey-steps.ts';
import { sizeOf } from './message-table.ts';
import { facts, named, partyLink } from './parts.ts';
import { meaningOf, TURNS } from './reasons.ts';
import type { CurrentStates, Journey } from './records.ts';
import { ageOf, hoursOf, timeAndAge, timeOf } from './times.ts';
import { titleOf, type Visit } from './visit.ts';
import { word } from './words.ts';

type Delivery = Journey['deliveries'][number];
type State = CurrentStates['items'][number];

/** Whose turn it is, the way of the dossier through the systems, and the time that each of them took. */
export function journeyOf(visit: Visit, journey: Journey, state: State): Html {
  const { say } = visit;
  return html`<section class="card">${factsOf(visit, journey, state)}</section>
${filesCard(visit, state)}<h2>${say('Đang chờ ai', 'Whose turn it is')}</h2>${turns(visit, journey)}
<h2>${say('Hành trình của hồ sơ', 'The journey of the dossier')}</h2>
${journeyDiagram(visit, journey)}${delayBars(visit, journey)}`;
}

function factsOf(visit: Visit, { agency, service, dueAt }: Journey, state: State): Html {
  const { say } = visit;
  return facts([
    [say('Trạng thái', 'Status'), stateText(visit, state)],
    [say('Thủ tục', 'Service'), named(visit, service)],
    [say('Cơ quan giải quyết', 'Office in charge'), named(visit, agency)],
    [say('Hạn trả kết quả', 'Due'), dueAt === null ? say('không có hạn', 'none') : timeOf(dueAt)],
  ]);
}

/** The files that the dossier names. Their names may name people, so they are not here. */
function filesCard(visit: Visit, { files }: State): Html {
  const { say } = visit;
  if (files.length === 0) return html``;
  const scans = {
    clean: badgeOf('good', say('đã quét, an toàn', 'scanned, clean')),
    unscanned: badgeOf('plain', say('chưa quét', 'not scanned')),
    infected: badgeOf('bad', say('có mã độc', 'infected')),
  };
  return html`<h2>${say('Tệp đính kèm', 'Files')}</h2>
${table<State['files'][number]>({
  caption: amount(say, files.length, ['tệp', 'file', 'files']),
  empty: '',
  items: files,
  columns: [
    {
      head: 'SHA-256',
      cell: ({ file }) => html`<code title="${file}">${file.slice('sha256:'.length, SHOWN_DIGITS)}…</code>`,
    },
    {
      head: say('Loại', 'Type'),
      cell: ({ mediaType }) => html`<span title="${mediaType}">${word(say, FILE_TYPES, mediaType)}</span>`,
    },
    { head: say('Dung lượng', 'Size'), cell: ({ bytes }) => sizeOf(visit, bytes), isNumber: true },
    { head: say('Bên gửi', 'Sender'), cell: ({ party }) => partyLink(visit, party) },
    { head: say('Quét mã độc', 'Virus scan'), cell: ({ scan }) => scans[scan] },
  ],
})}`;
}

/** The usual types of files. Another one that the settings allow stays unchanged. */
const FILE_TYPES: Readonly<Record<string, readonly [vietnamese: string, english: string]>> = {
  'application/pdf': ['PDF', 'PDF'],
  'image/jpeg': ['ảnh JPEG', 'JPEG image'],
  'image/png': ['ảnh PNG', 'PNG image'],
  'image/tiff': ['ảnh TIFF', 'TIFF image'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['Word', 'Word'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['Excel', 'Excel'],
  'application/vnd.oasis.opendocument.text': ['OpenDocument', 'OpenDocument'],
  'application/x-cfb': ['Word, Excel bản cũ', 'old Word or Excel'],
  'application/rtf': ['RTF', 'RTF'],
  'application/zip': ['ZIP', 'ZIP'],
  'application/xml': ['XML', 'XML'],
  'text/plain': ['văn bản thuần', 'plain text'],
};

const SHOWN_DIGITS = 'sha256:'.length + 12;

interface Turn {
  readonly who: Html | string;
  readonly why: Html | string;
  /** What to do, and where. */
  readonly todo: Html | string;
  readonly isTrouble: boolean;
}

/** First what keeps the dossier itself, then what keeps the news about it. */
function turns(visit: Visit, journey: Journey): Html {
  const all = [...waitTurns(visit, journey), handling(visit, journey), ...deliveryTurns(visit, journey)];
  return html`<ul class="turns">${all.map(
    ({ who, why, todo, isTrouble }) => html`<li class="card${isTrouble ? ' trouble' : ''}"><strong>${who}</strong>
<span>${why}</span>${todo ? html` <span class="note">${todo}</span>` : ''}</li>
`,
  )}</ul>`;
}

/** Items, not deliveries: the index does not have them yet. */
function waitTurns(visit: Visit, { waits }: Journey): readonly Turn[] {
  const { say, nowMs } = visit;
  return waits
    .filter(({ settledAt }) => settledAt === null)
    .map(({ id, detail, openedAt, party }) => ({
      who: say('Cán bộ điều hành', 'An operator'),
      why: html`${detail}, ${say('từ', 'since')} ${timeAndAge(say, openedAt, nowMs)} (${titleOf(visit, party)})`,
      todo: html`<a href="/console/quarantine/${id}">${say('Quyết định', 'Decide')}</a>`,
      isTrouble: true,
    }));
}

/** The office, the citizen or nobody. */
function handling(visit: Visit, journey: Journey): Turn {
  const { say, nowMs } = visit;
  const { agency, statusAt, finishedAt } = journey;
  const dueAt = journey.dueAt === null ? null : endOfTerm(journey.dueAt);
  const end = finishedAt === null ? nowMs : instantToMs(finishedAt);
  const lateS = dueAt === null ? 0 : (end - instantToMs(dueAt)) / 1_000;
  const late = durationOf(say, lateS);
  if (finishedAt !== null)
    return {
      who: say('Không chờ ai', 'Nobody'),
      why: html`${say('Đã giải quyết xong', 'Finished')} ${timeOf(finishedAt)} ${
        lateS > 0 ? badgeOf('bad', say(`quá hạn ${late}`, `${late} late`)) : ''
      }`,
      todo: '',
      isTrouble: lateS > 0,
    };
  const isCitizen = holderAt({ ...journey, deliveries: [], waits: [] }, nowMs) === 'citizen';
  const task = isCitizen
    ? say('cần bổ sung giấy tờ hoặc nộp phí, từ', 'has to add papers or to pay, since')
    : say('giải quyết hồ sơ, trạng thái từ', 'handles the dossier, status since');
  const due =
    dueAt === null
      ? ''
      : lateS > 0
        ? badgeOf('bad', say(`quá hạn ${late}`, `${late} overdue`))
        : badgeOf('plain', say(`hạn: ${ageOf(say, dueAt, nowMs)}`, `due ${ageOf(say, dueAt, nowMs)}`));
  return {
    who: isCitizen ? say('Công dân', 'The citizen') : (agency.name ?? agency.code),
    why: html`${task} ${timeAndAge(say, statusAt, nowMs)} ${due}`,
    todo: '',
    isTrouble: lateS > 0,
  };
}

/** Parties that the newest state did not reach, each once. */
function deliveryTurns(visit: Visit, { deliveries }: Journey): readonly Turn[] {
  const newest = new Map(deliveries.map((one) => [`${one.party} ${one.operation}`, one]));
  const open = [...newest.values()].filter(
    ({ state, reason, tries }) =>
      (state === 'refused' || state === 'parked' || (state === 'due' && tries.length > 0)) && reason !== 'dismissed',
  );
  return open.map((one) => deliveryTurn(visit, one));
}

function deliveryTurn(visit: Visit, { id, party, state, reason, nextAt, tries, settledAt }: Delivery): Turn {
  const { say, nowMs } = visit;
  const meaning = reason === null ? undefined : meaningOf(reason);
  const turn = meaning && TURNS[meaning[2]];
  const since = settledAt ?? tries[0]?.at;
  const next =
    nextAt === undefined
      ? ''
      : say(`, thử lại: ${ageOf(say, nextAt, nowMs)}`, `, next try ${ageOf(say, nextAt, nowMs)}`);
  const name = titleOf(visit, party);
  return {
    who: turn ? say(turn.whose[0], turn.whose[1]).replace(/^./, (first) => first.toUpperCase()) : name,
    why: html`${say(`${name} chưa nhận được`, `${name} has not received it`)}: ${
      meaning ? say(meaning[0], meaning[1]) : (reason ?? state)
    }, ${say('từ', 'since')} ${timeAndAge(say, since, nowMs)}${next}`,
    todo: html`${turn ? say(turn.todo[0], turn.todo[1]) : ''} <a href="/console/deliveries/${id}">${say('Xem lượt chuyển', 'See the delivery')}</a>`,
    isTrouble: true,
  };
}

/** The working time until the end, by whom the dossier waited for. */
function delayBars(visit: Visit, { delays, agency }: Journey): Html {
  const { say } = visit;
  const { office, parties, ...causes } = delays;
  const partiesOf = (cause: keyof typeof causes): string =>
    Object.entries(parties)
      .filter(([, sums]) => sums[cause] > 0)
      .map(([party]) => titleOf(visit, party))
      .join(', ');
  const names = {
    wrongData: say('nội dung bị từ chối cho tới khi sửa', 'refused content until it was corrected'),
    quarantine: say('chờ cán bộ điều hành', 'waiting for an operator'),
    partnerDown: say('bên nhận không liên lạc được', 'a partner was unreachable'),
    partnerSlow: say('bên nhận trả lời chậm', 'a partner was slow'),
    queue: say('trong hàng đợi của trục', 'in the queue of the hub'),
  };
  const rows = Object.entries(names).map(([cause, name]) => {
    const whose = partiesOf(cause as keyof typeof causes);
    return { name: whose ? `${name} (${whose})` : name, value: causes[cause as keyof typeof causes] };
  });
  const all = [
    { name: say(`cơ quan: ${agency.name ?? agency.code}`, `office: ${agency.name ?? agency.code}`), value: office },
    ...rows,
  ];
  const shown = all.filter(({ value }) => value > 0);
  if (shown.length === 0) return html``;
  return rankedBars({
    id: 'delays',
    title: say('Thời gian làm việc đã qua, theo nơi chờ', 'Working time so far, by what the dossier waited for'),
    description: say(
      `Chỉ tính giờ làm việc. Lâu nhất: ${longest(shown)}.`,
      `Office hours only. The longest: ${longest(shown)}.`,
    ),
    head: say('Nơi chờ', 'Waited for'),
    valueHead: say('Thời gian', 'Time'),
    rows: shown,
    full: Math.max(...shown.map(({ value }) => value)),
    format: (seconds) => hoursOf(say, seconds),
  });
}

function longest(rows: readonly { readonly name: string; readonly value: number }[]): string {
  return [...rows].sort((a, b) => b.value - a.value)[0]?.name ?? '';
}
