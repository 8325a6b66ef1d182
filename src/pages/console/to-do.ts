import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { type IconName, icon } from '../parts/icon.ts';
import { emptyState, type Tone } from '../parts/parts.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { manyOf } from './parts.ts';
import type { Cause, Incident, Listed, Party, QueuedRecord } from './records.ts';
import { timeAndAge } from './times.ts';
import { titleOf, type Visit } from './visit.ts';
import { causeSentence, HEALTH, INCIDENTS, QUEUED_KINDS, word } from './words.ts';

/** What the overview knows of open work. */
export interface OpenWork {
  readonly parties: readonly Party[];
  readonly incidents: Listed<Incident> | undefined;
  readonly causes: Listed<Cause> | undefined;
  readonly overdue: Listed<QueuedRecord> | undefined;
  readonly soon: Listed<QueuedRecord> | undefined;
}

interface Task {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly what: Html | string;
  /** When it began. */
  readonly since: string | null | undefined;
  readonly href: string;
}

const MOST_CAUSES = 5;

/** First which partners are down and since when, then what waits for a person. Each line leads to its page. */
export function toDoList(visit: Visit, work: OpenWork): Html {
  const { say, nowMs } = visit;
  const tasks = [
    ...partyTasks(visit, work),
    ...causeTasks(visit, work),
    ...failedTasks(visit, work),
    ...recordTasks(visit, work),
  ];
  const all = work.parties.length;
  const well = work.parties.filter(({ health }) => health === 'ok').length;
  return html`<p class="lead">${
    well === all
      ? say(`Cả ${all} bên kết nối đang hoạt động tốt.`, `All ${all} parties are well.`)
      : say(`${well} trong ${all} bên kết nối đang hoạt động tốt.`, `${well} of ${all} parties are well.`)
  }</p>${
    tasks.length === 0
      ? emptyState('circle-check', say('Không có việc gì phải làm.', 'Nothing to do.'))
      : html`<ul class="tasks">${tasks.map(
          ({
            tone,
            icon: name,
            what,
            since,
            href,
          }) => html`<li class="card ${tone}-edge"><span class="${tone}">${icon(name)}</span>
<a href="${href}">${what}</a>${since ? html` <span class="note">${say('từ', 'since')} ${timeAndAge(say, since, nowMs)}</span>` : ''}</li>
`,
        )}</ul>`
  }`;
}

/** Incidents, and parties that do not work without one. */
function partyTasks(visit: Visit, { parties, incidents }: OpenWork): readonly Task[] {
  const { say } = visit;
  const open = incidents?.items ?? [];
  const known = new Set(open.map(({ party }) => party));
  const silent = parties.filter(({ party, health }) => health !== 'ok' && !known.has(party));
  const names = new Set(parties.map(({ party }) => party));
  return [
    ...open.map(
      ({ party, kind, openedAt }): Task => ({
        tone: 'bad',
        icon: 'siren',
        what: html`<strong>${titleOf(visit, party)}</strong>: ${word(say, INCIDENTS, kind)}`,
        since: openedAt,
        href: names.has(party) ? partyPath(party) : '/console/incidents',
      }),
    ),
    ...silent.map(
      ({ party, health, paused, breakers, lastError }): Task => ({
        tone: health === 'away' || health === 'trouble' ? 'bad' : 'warn',
        icon: 'triangle-alert',
        what: html`<strong>${titleOf(visit, party)}</strong>: ${word(say, HEALTH, health)}`,
        since: paused?.at ?? breakers[0]?.since ?? (health === 'trouble' ? lastError?.at : undefined),
        href: partyPath(party),
      }),
    ),
  ];
}

function partyPath(party: string): string {
  return `/console/parties/${segment(party)}`;
}

function causeTasks({ say }: Visit, { causes }: OpenWork): readonly Task[] {
  const all = causes?.items ?? [];
  const rest = (causes?.total ?? all.length) - MOST_CAUSES;
  const more = `${number(say, rest)}${causes?.total === undefined || causes.total === null ? '+' : ''}`;
  return [
    ...all.slice(0, MOST_CAUSES).map(
      ({ id, kind, key, unmapped, dossiers, since }): Task => ({
        tone: 'warn',
        icon: 'inbox',
        what:
          unmapped || dossiers > 1
            ? `${causeSentence(say, { kind, key, unmapped })}: ${say(`${number(say, dossiers)} hồ sơ chờ`, `${number(say, dossiers)} waiting`)}`
            : causeSentence(say, { kind, key, unmapped }),
        since,
        href: `/console/quarantine/${id}`,
      }),
    ),
    ...(rest > 0
      ? [
          {
            tone: 'warn',
            icon: 'inbox',
            what: say(
              `${more} nguyên nhân chờ xử lý khác`,
              `${more} more ${more === '1' ? 'cause' : 'causes'} in the quarantine`,
            ),
            since: undefined,
            href: '/console/quarantine',
          } as const,
        ]
      : []),
  ];
}

function failedTasks({ say }: Visit, { parties }: OpenWork): readonly Task[] {
  const failed = parties.reduce((total, one) => total + one.failed, 0);
  if (failed === 0) return [];
  const what = say(
    `${number(say, failed)} lượt chuyển không thành công, trục không gửi lại nữa`,
    `${counted(failed, 'failed delivery', 'failed deliveries')} that the hub no longer retries`,
  );
  return [{ tone: 'bad', icon: 'circle-x', what, since: undefined, href: '/console/deliveries?state=failed' }];
}

function recordTasks({ say }: Visit, { overdue, soon }: OpenWork): readonly Task[] {
  return [
    { due: 'overdue', list: overdue, tone: 'bad', text: say('quá hạn trả lời', 'overdue') } as const,
    { due: 'soon', list: soon, tone: 'warn', text: say('sắp đến hạn trả lời', 'due within 48 hours') } as const,
  ].flatMap(({ due, list, tone, text }): readonly Task[] => {
    const [first] = list?.items ?? [];
    if (!list || !first) return [];
    const many = manyOf(say, list);
    const isOne = many === '1';
    const nouns = [...new Set(list.items.map(({ kind }) => word(say, QUEUED_KINDS, kind)))];
    const kinds = nouns.map((noun) => say(noun, isOne ? noun : `${noun}s`)).join(', ');
    return [
      {
        tone,
        icon: 'messages-square',
        what: `${many} ${kinds} ${text}`,
        since: undefined,
        href: `/console/records?due=${due}`,
      },
    ];
  });
}
