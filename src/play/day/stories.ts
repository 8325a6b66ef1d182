import type { Agency } from '#schemas/agency.upsert.v1';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { dayInCode, dueAfter, workingMoments } from './calendar.ts';
import type { Dice } from './dice.ts';
import { type Applicant, invented, type Officer, officer } from './people.ts';

/** The true course of one dossier, before any report. The first step creates it. */
export interface Story {
  readonly code: string;
  readonly service: Service;
  readonly agency: Agency;
  readonly channel: 'counter' | 'online' | 'post';
  readonly applicant: Applicant;
  readonly dueAt: string;
  readonly steps: readonly StoryStep[];
}

export interface StoryStep extends Officer {
  readonly status: Status;
  readonly at: string;
  readonly content: string;
}

/** The origin of dossiers: the hub's catalogue, and serial numbers used once. */
export interface Office {
  readonly dice: Dice;
  readonly days: readonly number[];
  readonly services: readonly Service[];
  readonly agencies: readonly Agency[];
  serial(): string;
}

type Course = readonly Status[];

const COURSES: readonly (readonly [Course, number])[] = [
  [['received', 'processing', 'resolved', 'returned'], 30],
  [['received', 'processing', 'resolved'], 14],
  [['received', 'processing'], 18],
  [['received'], 8],
  [['submitted', 'received', 'processing', 'resolved', 'returned'], 12],
  [['submitted', 'refused'], 3],
  [['submitted'], 2],
  [['received', 'processing', 'payment-required', 'resolved', 'returned'], 4],
  [['received', 'processing', 'withdrawn'], 3],
  [['received', 'processing', 'stopped', 'returned'], 2],
];

export function createStory(office: Office, course: Course = office.dice.weighted(COURSES)): Story {
  const { dice, days } = office;
  const service = dice.pick(office.services);
  const agency = dice.pick(office.agencies);
  const moments = workingMoments(dice, days, course.length, Math.max(2, course.length * 2));
  const [begun = ''] = moments;
  const isOnline = course[0] === 'submitted';
  return {
    code: `${agency.code}-${dayInCode(begun)}-${office.serial()}`,
    service,
    agency,
    channel: isOnline
      ? 'online'
      : dice.weighted([
          ['counter', 9],
          ['post', 1],
        ] as const),
    applicant: invented(dice),
    dueAt: dueAfter(begun, dice.whole(3, 15)),
    steps: course.map((status, at) => ({
      ...officer(dice),
      status,
      at: moments[at] as string,
      content: WORDS[status],
    })),
  };
}

const WORDS: Readonly<Record<Status, string>> = {
  submitted: 'Công dân nộp hồ sơ trực tuyến',
  received: 'Tiếp nhận hồ sơ, hẹn ngày trả kết quả',
  refused: 'Hồ sơ không thuộc thẩm quyền giải quyết',
  processing: 'Thẩm định hồ sơ',
  'supplement-required': 'Yêu cầu bổ sung bản sao giấy tờ',
  'payment-required': 'Yêu cầu nộp lệ phí',
  withdrawn: 'Công dân xin rút hồ sơ',
  stopped: 'Dừng giải quyết, trả lại hồ sơ',
  resolved: 'Đã ký kết quả',
  returned: 'Đã trả kết quả cho công dân',
};

/** A course that begins with incomplete papers. Whole records report it, because steps carry no supplements. */
export const SUPPLEMENT: Course = [
  'received',
  'processing',
  'supplement-required',
  'processing',
  'resolved',
  'returned',
];
