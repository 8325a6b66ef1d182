import { html } from 'hono/html';
import { endOfTerm, instantToMs, msToInstant } from '#core/dates/dates';
import type { WorkingTime } from '#core/dates/working-time';
import { isFinished } from '#core/dossier/status';
import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import type { Payment } from '#schemas/payment.v1';
import type { PostalOrder } from '#schemas/postal-order.v1';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { icon } from './parts/icon.ts';
import { bar, timeline } from './parts/parts.ts';
import { qrCode } from './parts/qr-code.ts';
import { dayOrMoment, moment, number, STATUS, unknown, vietnamese } from './words.ts';

/** A dossier as the public look-up returns it. */
export type PublicDossier = Omit<Dossier, 'applicant'> & {
  readonly applicant?: { readonly name: string };
  readonly steps?: readonly { readonly status: Status; readonly at: string; readonly unit?: string }[];
  readonly payments?: readonly Payment[];
  readonly postalOrders?: readonly PostalOrder[];
  readonly rated?: true;
};

interface Known {
  /** Whether its service has a page. */
  readonly hasService: boolean;
  /** The hub's clock, which decides whether a due date has passed. */
  readonly nowMs: number;
  readonly workingTime: WorkingTime;
  /** The address at which the dossier is looked up again. */
  readonly address: string;
}

/** The progress and facts of a dossier. */
export function dossierView(say: Say, found: PublicDossier, known: Known): Html {
  const dossier = { ...found, statusAt: sinceOf(found) };
  const { name, meaning, next, tone } = STATUS[dossier.status];
  return html`<article class="dossier">
<section class="card">
<p class="dossier-code"><span class="note">${say('Mã hồ sơ', 'Dossier')}</span> <span class="code">${dossier.code}</span></p>
<p class="stamp ${tone}"><strong>${say(...name)}</strong> <span>${say('từ', 'since')} ${moment(dossier.statusAt)}</span></p>
<p>${say(...meaning)}</p>
${next && html`<p class="next">${icon('info')}<span><strong>${say('Việc cần làm:', 'What to do:')}</strong> ${say(...next)}</span></p>`}
${termView(say, dossier, known)}
<p class="note">${say('Xem lúc', 'As of')} ${moment(minuteOf(known.nowMs))}</p>
</section>
<section class="card"><h2>${say('Quá trình giải quyết', 'What happened')}</h2>
${progressLine(say, dossier)}</section>
<section class="card"><h2>${say('Thông tin hồ sơ', 'About the dossier')}</h2>
${facts(say, dossier, known)}</section>
<section class="card qr">${qrCode(known.address, say('Mã QR dẫn tới trang tra cứu hồ sơ này', 'QR code of the page that looks up this dossier'))}
<p class="note">${say(
    'Quét mã để mở trang tra cứu hồ sơ này. Khi mở trang, cần nhập 4 số cuối.',
    'Scan it to look up this dossier. The page still asks for the four digits.',
  )}</p></section>
</article>`;
}

/** Since when it has its status. Any new version of the dossier moves `statusAt`, also one that repeats the status. */
function sinceOf({ status, statusAt, steps = [] }: PublicDossier): string {
  const last = steps.at(-1);
  return last?.status === status ? last.at : statusAt;
}

function facts(say: Say, dossier: PublicDossier, known: Known): Html {
  const { submittedAt, receivedAt, dueAt, finishedAt, returnedAt, refusedAt, processingUnit } = dossier;
  const service = vietnamese(dossier.serviceName ?? dossier.serviceCode);
  const agency = dossier.agencyName ?? dossier.agencyCode;
  const at = (instant: string | undefined) => instant && moment(instant);
  const rows: readonly (readonly [string, Html | string | undefined])[] = [
    [
      say('Thủ tục', 'Service'),
      known.hasService ? html`<a href="/services/${encodeURIComponent(dossier.serviceCode)}">${service}</a>` : service,
    ],
    [say('Lĩnh vực', 'Field'), dossier.fieldName && vietnamese(dossier.fieldName)],
    [say('Người nộp hồ sơ', 'Applicant'), dossier.applicant && vietnamese(dossier.applicant.name)],
    [say('Cơ quan', 'Agency'), vietnamese(agency)],
    [say('Đơn vị xử lý', 'Unit'), processingUnit && processingUnit !== agency ? vietnamese(processingUnit) : undefined],
    [say('Ngày nộp', 'Submitted'), at(submittedAt)],
    [say('Ngày tiếp nhận', 'Received'), at(receivedAt)],
    [
      say('Ngày hẹn trả', 'Due'),
      dueAt ? html`${dayOrMoment(dueAt)} ${dueMark(say, dossier, dueAt, known)}` : unknown(say),
    ],
    [say('Ngày xử lý xong', 'Resolved'), at(finishedAt)],
    [say('Ngày trả kết quả', 'Result returned'), at(returnedAt)],
    [say('Ngày từ chối', 'Refused'), at(refusedAt)],
  ];
  return html`<dl class="facts">${rows.map(([term, value]) => value && html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

/** No time runs while the dossier waits for the citizen. */
const isPaused = (status: Status): boolean => status === 'supplement-required' || status === 'payment-required';

/** How much time is left. A finished dossier has no mark, because several rules define "in time". */
function dueMark(say: Say, { status, statusAt }: PublicDossier, dueAt: string, known: Known): Html | string {
  if (isFinished(status)) return '';
  const [atMs, dueMs] = [isPaused(status) ? instantToMs(statusAt) : known.nowMs, instantToMs(endOfTerm(dueAt))];
  if (atMs > dueMs) {
    const late = workingDays(say, daysBetween(dueMs, atMs, known));
    return html`<span class="mark bad">${say(`quá hạn ${late}`, `overdue by ${late}`)}</span>`;
  }
  if (isPaused(status)) return '';
  const left = workingDays(say, daysBetween(atMs, dueMs, known));
  return html`<span class="mark good">${say(`trong hạn, còn ${left}`, `in time – ${left} left`)}</span>`;
}

/** Working days, in halves. */
function daysBetween(fromMs: number, toMs: number, { workingTime: { between, dayMs } }: Known): number {
  return Math.round((between(fromMs, toMs) / dayMs) * 2) / 2;
}

/** 0 also on a day off after the due date: it adds no working time. */
function workingDays(say: Say, days: number): string {
  if (days === 0) return say('chưa tới nửa ngày làm việc', 'less than half a working day');
  return say(`${number(say, days)} ngày làm việc`, `${number(say, days)} working ${days === 1 ? 'day' : 'days'}`);
}

interface Step {
  readonly status: Status;
  readonly state: 'done' | 'now' | 'ahead';
  readonly at?: string | undefined;
  readonly unit?: string | undefined;
}

const WAY = ['submitted', 'received', 'processing', 'resolved', 'returned'] as const satisfies Status[];

/**
 * The steps of a dossier.
 *
 * A side state appears after the last step that is known to be reached. A state that waits for the citizen may
 * lead on; a final state does not. A dossier without a submission date was filed at a counter: its way begins
 * with its receipt.
 */
export function stepsOf(dossier: PublicDossier): readonly Step[] {
  const { status, statusAt } = dossier;
  const times: Partial<Record<Status, string | undefined>> = {
    submitted: dossier.submittedAt,
    received: dossier.receivedAt,
    resolved: dossier.finishedAt,
    returned: dossier.returnedAt,
  };
  const way: readonly Status[] =
    status === 'submitted' || dossier.submittedAt !== undefined ? WAY : WAY.slice(WAY.indexOf('received'));
  const at = way.indexOf(status);
  if (at >= 0)
    return way.map((one, n) =>
      n === at
        ? { status: one, state: 'now', at: times[one] ?? statusAt }
        : { status: one, state: n < at ? 'done' : 'ahead', at: n < at ? times[one] : undefined },
    );
  const reached = way.indexOf(dossier.receivedAt === undefined ? 'received' : 'processing');
  return [
    ...way.slice(0, reached).map((one): Step => ({ status: one, state: 'done', at: times[one] })),
    { status, state: 'now', at: statusAt },
    ...(isFinished(status) ? [] : way.slice(reached).map((one): Step => ({ status: one, state: 'ahead' }))),
  ];
}

function progressLine(say: Say, dossier: PublicDossier): Html {
  const said = { done: say('đã qua', 'done'), now: say('hiện tại', 'now'), ahead: say('chưa tới', 'to come') };
  return timeline(
    say('Tiến trình', 'Progress'),
    withHistory(dossier).map(({ status, state, at, unit }) => ({
      state,
      tone: state === 'now' ? STATUS[status].tone : undefined,
      name: say(...STATUS[status].name),
      when: html`${at ? moment(at) : said[state]}${unit ? html` · ${vietnamese(unit)}` : ''}`,
    })),
  );
}

/** The steps with everything that is known to have happened, such as a second request for papers. */
export function withHistory(dossier: PublicDossier): readonly Step[] {
  const { status, statusAt, steps = [] } = dossier;
  const way = stepsOf(dossier);
  const last = steps.at(-1);
  const past = last?.status === status ? steps.slice(0, -1) : steps;
  const known = new Set(past.map((step) => step.status));
  const done: Step[] = past.map(({ status: one, at, unit }) => ({ status: one, state: 'done', at, unit }));
  const others = way.filter((step) => step.state === 'done' && !known.has(step.status) && step.at !== undefined);
  const merged = [...others, ...done].sort((a, b) => instantToMs(a.at ?? statusAt) - instantToMs(b.at ?? statusAt));
  const unit = last?.status === status ? last.unit : dossier.processingUnit;
  const happened = merged.length > 0 ? merged : way.filter(({ state }) => state === 'done');
  const at = way.find(({ state }) => state === 'now')?.at ?? statusAt;
  // A dossier that came back to this state has it since then.
  const isBack = instantToMs(at) < instantToMs(happened.at(-1)?.at ?? at);
  return [
    ...happened,
    { status, state: 'now', at: isBack ? statusAt : at, unit },
    ...way.filter(({ state }) => state === 'ahead'),
  ];
}

/** The working days from reception to the due date, and how many are left. */
function termView(say: Say, { status, submittedAt, receivedAt, dueAt }: PublicDossier, known: Known): Html | string {
  const start = receivedAt ?? submittedAt;
  if (isFinished(status) || isPaused(status) || start === undefined || dueAt === undefined) return '';
  const { between } = known.workingTime;
  const [from, to] = [instantToMs(start), instantToMs(endOfTerm(dueAt))];
  const whole = between(from, to);
  if (whole === 0) return '';
  const isLate = known.nowMs > to;
  const late = workingDays(say, daysBetween(to, known.nowMs, known));
  const text = isLate
    ? say(`Quá hạn ${late}`, `Overdue by ${late}`)
    : leftText(say, daysBetween(known.nowMs, to, known), daysBetween(from, to, known));
  const left = between(known.nowMs, to);
  const tone = isLate ? 'bad' : left < whole / 4 ? 'warn' : 'good';
  return html`<p class="term"><span>${text}</span>${bar(isLate ? 1 : 1 - left / whole, text, tone)}</p>`;
}

function leftText(say: Say, days: number, whole: number): string {
  if (days === 0) return say('Còn chưa tới nửa ngày làm việc', 'Less than half a working day left');
  return say(
    `Còn ${number(say, days)} trong ${number(say, whole)} ngày làm việc`,
    `${number(say, days)} of ${number(say, whole)} working days left`,
  );
}

function minuteOf(ms: number): string {
  return msToInstant(Math.floor(ms / 60_000) * 60_000);
}
