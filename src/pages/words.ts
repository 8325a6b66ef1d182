import { html } from 'hono/html';
import { formatLocal, isDayAlone } from '#core/dates/dates';
import type { Bilingual } from '#messages/message';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';

interface StatusWords {
  /** The name in the national table of statuses. */
  readonly name: Bilingual;
  readonly meaning: Bilingual;
  /** What the citizen must or may do next. */
  readonly next?: Bilingual;
  readonly tone: 'plain' | 'good' | 'warn' | 'bad';
}

export const STATUS: Readonly<Record<Status, StatusWords>> = {
  submitted: {
    name: ['Mới đăng ký', 'Submitted'],
    meaning: [
      'Hồ sơ đã được nộp, đang chờ cơ quan kiểm tra.',
      'The dossier was sent. The agency has not checked it yet.',
    ],
    next: [
      'Chưa cần thực hiện gì. Cơ quan sẽ tiếp nhận, hoặc thông báo nếu hồ sơ còn thiếu.',
      'Nothing yet. The agency will receive it, or tell you what is missing.',
    ],
    tone: 'plain',
  },
  received: {
    name: ['Được tiếp nhận', 'Received'],
    meaning: ['Cơ quan đã tiếp nhận hồ sơ.', 'The agency has received the dossier.'],
    next: [
      'Giữ Giấy tiếp nhận hồ sơ và hẹn trả kết quả, chờ đến ngày hẹn trả.',
      'Keep the receipt and wait for the due date.',
    ],
    tone: 'plain',
  },
  processing: {
    name: ['Đang xử lý', 'Being processed'],
    meaning: ['Hồ sơ đang được giải quyết.', 'The dossier is being worked on.'],
    next: ['Chờ đến ngày hẹn trả kết quả.', 'Wait for the due date.'],
    tone: 'plain',
  },
  'supplement-required': {
    name: ['Yêu cầu bổ sung giấy tờ', 'More papers are required'],
    meaning: [
      'Hồ sơ tạm dừng giải quyết để chờ ông/bà bổ sung, hoàn thiện giấy tờ.',
      'The dossier waits for you to add papers, or to correct some.',
    ],
    next: [
      'Bổ sung theo thông báo của cơ quan, tại nơi đã nộp hồ sơ. Ngày hẹn trả có thể được tính lại khi hồ sơ đã đầy đủ.',
      'Hand in the requested papers where you filed the dossier. The agency may set a new due date when the dossier is complete.',
    ],
    tone: 'warn',
  },
  'payment-required': {
    name: ['Yêu cầu thực hiện nghĩa vụ tài chính', 'Payment is required'],
    meaning: [
      'Hồ sơ tạm dừng giải quyết để chờ ông/bà nộp phí, lệ phí hoặc thuế.',
      'The dossier waits for you to pay a fee or a tax.',
    ],
    next: [
      'Nộp theo thông báo của cơ quan, chỉ qua các kênh nêu trong thông báo, và giữ lại chứng từ.',
      'Pay as the agency’s notice says, only by the ways that it names. Keep the proof of payment.',
    ],
    tone: 'warn',
  },
  resolved: {
    name: ['Đã xử lý xong', 'Resolved'],
    meaning: [
      'Hồ sơ đã giải quyết xong, chưa trả kết quả.',
      'The dossier is resolved; its result is not yet handed over.',
    ],
    next: [
      'Nhận kết quả tại nơi đã nộp hồ sơ hoặc theo hình thức đã đăng ký.',
      'Collect the result where you filed the dossier, or in the way you chose.',
    ],
    tone: 'good',
  },
  returned: {
    name: ['Đã trả kết quả', 'Result returned'],
    meaning: ['Kết quả đã được trả cho người nộp hồ sơ.', 'The result was handed over.'],
    tone: 'good',
  },
  refused: {
    name: ['Không được tiếp nhận', 'Not accepted'],
    meaning: ['Cơ quan không tiếp nhận hồ sơ này.', 'The agency did not accept the dossier.'],
    next: [
      'Xem lý do trong thông báo của cơ quan. Nếu vẫn có nhu cầu, hoàn thiện và nộp hồ sơ mới.',
      'Read the reason in the notice of the agency; if you still need the service, file a new dossier.',
    ],
    tone: 'bad',
  },
  withdrawn: {
    name: ['Công dân yêu cầu rút hồ sơ', 'Withdrawn by the applicant'],
    meaning: ['Hồ sơ đã được rút theo yêu cầu của người nộp.', 'The dossier was withdrawn at the applicant’s request.'],
    next: ['Nếu vẫn có nhu cầu, nộp hồ sơ mới.', 'If you still need the service, file a new dossier.'],
    tone: 'plain',
  },
  stopped: {
    name: ['Dừng xử lý', 'Stopped'],
    meaning: ['Cơ quan đã dừng giải quyết hồ sơ này.', 'The agency has stopped work on the dossier.'],
    next: [
      'Xem lý do trong thông báo của cơ quan. Liên hệ nơi đã nộp hồ sơ để nhận lại giấy tờ.',
      'Read the reason in the agency’s notice. Ask for your papers where you filed the dossier.',
    ],
    tone: 'bad',
  },
};

/** Unknown data is shown as unknown, not as empty or 0. */
export const unknown = (say: Say): Html => html`<em class="note">${say('chưa có thông tin', 'not known')}</em>`;

export const yesOrNo = (say: Say, value: boolean): string => (value ? say('Có', 'Yes') : say('Không', 'No'));

/** `12/08/2025 08:15`, Vietnam time. */
export const moment = (instant: string): Html =>
  html`<time datetime="${instant}">${formatLocal('dd/MM/yyyy HH:mm', instant)}</time>`;

/** The day alone where a source gave no time: the hub stores such a day as its midnight in Vietnam. */
export function dayOrMoment(instant: string): Html {
  return isDayAlone(instant)
    ? html`<time datetime="${instant}">${formatLocal('dd/MM/yyyy', instant)}</time>`
    : moment(instant);
}

/** Created once: toLocaleString would create one for each number, and a page may have 2,000. */
const NUMBER = {
  vi: new Intl.NumberFormat('vi-VN', { maximumFractionDigits: 2 }),
  en: new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }),
};

/** `1.234,5` in Vietnamese, with two decimals at most. */
export const number = (say: Say, value: number): string => NUMBER[say('vi', 'en') as 'vi' | 'en'].format(value);

/** A share with its sign. A dash where nothing was counted. */
export const percent = (say: Say, share: number | null): string =>
  share === null ? '–' : `${number(say, share)}\u00a0%`;

/** A number with its English noun: `1 line`, `2,000 lines`. Vietnamese nouns have one form. */
export const counted = (value: number, one: string, many: string): string =>
  value === 1 ? `1 ${one}` : `${NUMBER.en.format(value)} ${many}`;

/** A number with its noun: Vietnamese, one in English, many in English. */
export const amount = (say: Say, value: number, [vietnamese, one, many]: readonly [string, string, string]): string =>
  say(`${NUMBER.vi.format(value)} ${vietnamese}`, counted(value, one, many));

/** `75.000 đồng`, as sources write it. */
export const dong = (amountVnd: number): string => `${NUMBER.vi.format(amountVnd)} đồng`;

export function money(say: Say, amountVnd: number): string {
  return say(dong(amountVnd), `${NUMBER.en.format(amountVnd)} VND`);
}

/** A source's text, which is Vietnamese on every page. */
export const vietnamese = (text: string): Html => html`<span lang="vi">${text}</span>`;

const UNITS = [
  [86_400, 'ngày', 'd'],
  [3_600, 'giờ', 'h'],
  [60, 'phút', 'min'],
  [1, 'giây', 's'],
] as const;

/** A time span in its two largest units. */
export function durationOf(say: Say, seconds: number): string {
  const first = UNITS.findIndex(([size]) => seconds >= size);
  const parts: string[] = [];
  let rest = seconds;
  for (const [size, vietnamese, english] of UNITS.slice(Math.max(first, 0), Math.max(first, 0) + 2)) {
    const many = Math.floor(rest / size);
    rest -= many * size;
    if (many > 0) parts.push(say(`${many} ${vietnamese}`, `${many} ${english}`));
  }
  return parts.join(' ') || say('0 giây', '0 s');
}
