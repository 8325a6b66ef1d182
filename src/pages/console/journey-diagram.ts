import { html } from 'hono/html';
import { formatLocal, msToInstant } from '#core/dates/dates';
import type { Html } from '../layout.ts';
import { counted, durationOf } from '../words.ts';
import { type Holder, HUB, holderAt, STRANGER, type Step, stepsOf } from './journey-steps.ts';
import type { Journey } from './records.ts';
import { titleOf, type Visit } from './visit.ts';

/** A line of the diagram: a step, or the time until the next one. */
type Row = { readonly step: Step } | { readonly gap: Gap };

interface Gap {
  readonly holder: Holder;
  readonly seconds: number;
}

const MOST_STEPS = 60;
/** Shorter pauses say nothing about a delay. */
const SHORTEST_GAP_S = 60;

/** The steps between systems as a sequence diagram, and as a list on a phone. Every step is a link. */
export function journeyDiagram(visit: Visit, journey: Journey): Html {
  const { say } = visit;
  const all = stepsOf(visit, journey);
  const steps = all.slice(-MOST_STEPS);
  if (steps.length === 0) return html``;
  const rows = rowsOf(visit, journey, steps);
  const isCut = all.length > steps.length || !journey.isWhole;
  return html`<figure class="journey card"><figcaption>${say(
    `${steps.length} bước qua các hệ thống, cũ nhất trước; bấm vào một bước để xem thông điệp hoặc lần gửi`,
    `${counted(steps.length, 'step', 'steps')} between the systems, the oldest first; follow a step to its message or attempt`,
  )}${isCut ? say(' (các bước cũ hơn ở hai danh sách bên dưới)', ' (older steps are in the two lists below)') : ''}</figcaption>
${drawing(visit, lanesOf(steps), rows)}
${stepList(visit, rows)}</figure>`;
}

function rowsOf({ nowMs }: Visit, journey: Journey, steps: readonly Step[]): readonly Row[] {
  return steps.flatMap((step, at): Row[] => {
    const nextMs = Math.min(steps[at + 1]?.atMs ?? nowMs, nowMs);
    const seconds = (nextMs - step.atMs) / 1_000;
    if (seconds < SHORTEST_GAP_S) return [{ step }];
    const holder = holderAt(journey, (step.atMs + nextMs) / 2);
    const isOver = holder === 'nobody' && at === steps.length - 1;
    return isOver ? [{ step }] : [{ step }, { gap: { holder, seconds } }];
  });
}

/** The first sender, the hub, then the others in the order of their first step. */
function lanesOf(steps: readonly Step[]): readonly string[] {
  const parties = [...new Set(steps.flatMap(({ from, to }) => [from, to]))].filter((one) => one !== HUB);
  const sender = steps.find(({ from }) => from !== HUB)?.from;
  const others = parties.filter((one) => one !== sender);
  return sender === undefined ? [HUB, ...others] : [sender, HUB, ...others];
}

function laneName(visit: Visit, lane: string): string {
  const { say } = visit;
  if (lane === HUB) return say('Trục liên thông', 'The hub');
  return lane === STRANGER ? say('Không rõ bên gửi', 'Unknown sender') : titleOf(visit, lane);
}

/** Whom a dossier waits, or waited, for. */
function holderName(visit: Visit, holder: Holder): string {
  const { say } = visit;
  if (typeof holder === 'object') return titleOf(visit, holder.party);
  return {
    officer: say('cán bộ điều hành quyết định', 'a decision of an operator'),
    sender: say('bên gửi sửa nội dung', 'the sender, who has to correct the content'),
    hub: say('trục gửi', 'the hub to send'),
    citizen: say('công dân bổ sung hoặc nộp phí', 'the citizen to add papers or to pay'),
    office: say('cơ quan giải quyết', 'the office in charge'),
    nobody: say('không chờ ai', 'nobody'),
  }[holder];
}

function gapText(visit: Visit, { holder, seconds }: Gap): string {
  const lasted = durationOf(visit.say, seconds);
  return holder === 'nobody'
    ? lasted
    : visit.say(`${lasted}: chờ ${holderName(visit, holder)}`, `${lasted}: waiting for ${holderName(visit, holder)}`);
}

const WIDTH = 980;
const TIME_WIDTH = 138;
const HEAD = 64;
const STEP = 52;
const GAP = 34;

function drawing(visit: Visit, lanes: readonly string[], rows: readonly Row[]): Html {
  const { say } = visit;
  const space = (WIDTH - TIME_WIDTH) / lanes.length;
  const xOf = (lane: string): number => Math.round(TIME_WIDTH + space * (lanes.indexOf(lane) + 0.5));
  let y = HEAD;
  const drawn = rows.map((row) => {
    const top = y;
    y += 'step' in row ? STEP : GAP;
    return 'step' in row ? stepDrawing(visit, row.step, xOf, top) : gapDrawing(visit, row.gap, top);
  });
  return html`<svg class="sequence" viewBox="0 0 ${WIDTH} ${y + 8}" role="group" aria-label="${say('Hành trình của hồ sơ', 'The journey of the dossier')}">
${lanes.map((lane) => laneDrawing(laneName(visit, lane), xOf(lane), space, y, lane === HUB))}${drawn}</svg>`;
}

function laneDrawing(name: string, x: number, space: number, bottom: number, isHub: boolean): Html {
  const lines = inLines(name, Math.floor(space / 8.8));
  return html`<path class="lane${isHub ? ' hub' : ''}" d="M${x} ${HEAD - 6}V${bottom}"/>${lines.map(
    (text, at) =>
      html`<text class="lane-name" x="${x}" y="${HEAD - 14 - (lines.length - 1 - at) * 16}" text-anchor="middle">${text}</text>`,
  )}`;
}

const MOST_LINES = 3;

/** A name in at most three lines of whole words. */
function inLines(name: string, most: number): readonly string[] {
  const lines: string[] = [];
  for (const part of name.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${part}`.length <= most) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(part);
  }
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]}…`];
}

const CHARACTER = 7.2;

function stepDrawing(visit: Visit, step: Step, xOf: (lane: string) => number, top: number): Html {
  const [from, to] = [xOf(step.from), xOf(step.to)];
  const y = top + 27;
  const left = Math.min(from, to) + 10;
  const longest = Math.max(step.text.length, step.note.length);
  // A text may cross lanes, but not the edge of the drawing.
  const x = Math.max(TIME_WIDTH + 4, Math.min(left, WIDTH - longest * CHARACTER));
  const most = Math.floor((WIDTH - x) / CHARACTER);
  return html`<a class="step ${step.tone}" href="${step.href}"><title>${inWords(visit, step)}</title>
<rect class="hover" x="0" y="${top + 2}" width="${WIDTH}" height="${STEP - 4}" rx="6"/>
<text class="time" x="4" y="${y + 4}">${timeText(step.atMs)}</text>${from === to ? waitMark(from, y) : arrow(from, to, y)}
<text class="what" x="${x}" y="${y - 7}">${cut(step.text, most)}</text><text class="more" x="${x}" y="${y + 17}">${cut(step.note, most)}</text></a>`;
}

function arrow(from: number, to: number, y: number): Html {
  const back = to > from ? -9 : 9;
  return html`<path class="flow" d="M${from} ${y}H${to + back}"/><path class="head" d="M${to} ${y}l${back} -5v10z"/>`;
}

function waitMark(x: number, y: number): Html {
  return html`<path class="wait" d="M${x - 5} ${y - 9}h10v18h-10z"/>`;
}

function gapDrawing(visit: Visit, gap: Gap, top: number): Html {
  const name = typeof gap.holder === 'object' ? 'party' : gap.holder;
  return html`<g class="gap ${name}"><rect x="${TIME_WIDTH}" y="${top + 4}" width="${WIDTH - TIME_WIDTH}" height="${GAP - 8}" rx="5"/><text x="${TIME_WIDTH + 12}" y="${top + 22}">${gapText(visit, gap)}</text></g>`;
}

function stepList(visit: Visit, rows: readonly Row[]): Html {
  return html`<ol class="steps">${rows.map((row) =>
    'step' in row
      ? html`<li class="${row.step.tone}"><span class="note">${timeText(row.step.atMs)} · ${lanesText(visit, row.step)}</span>
<a href="${row.step.href}">${row.step.text}</a>${row.step.note ? html` <span class="note">${row.step.note}</span>` : ''}</li>
`
      : html`<li class="gap">${gapText(visit, row.gap)}</li>
`,
  )}</ol>`;
}

function lanesText(visit: Visit, { from, to }: Step): string {
  return from === to ? laneName(visit, from) : `${laneName(visit, from)} → ${laneName(visit, to)}`;
}

function inWords(visit: Visit, step: Step): string {
  const text = `${timeText(step.atMs)}, ${lanesText(visit, step)}: ${step.text}`;
  return step.note ? `${text} (${step.note})` : text;
}

function timeText(atMs: number): string {
  return formatLocal('dd/MM/yyyy HH:mm:ss', msToInstant(atMs));
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 1))}…`;
}
