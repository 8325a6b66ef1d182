import { formatLocal, instantToMs } from '#core/dates/dates';
import type { Availability } from '#core/statistics/availability';
import { KEYLESS } from '#core/statistics/columns';
import { percentOf } from '#core/statistics/percent';
import { NAMES } from '#messages/names';
import { render } from '#messages/render';
import { RATING_LEVELS } from '#schemas/rating.v1';
import type {
  AnswerNumbers,
  AskLine,
  ConnectionLine,
  IncidentLine,
  OnlineLine,
  OnlineNumbers,
  RecordLine,
} from '../statistics/report-numbers.ts';
import { recordLinks } from './links.ts';
import { agencyName, type Cell, numbered, type Report, type ReportRow, SIGNATURES } from './report.ts';

/** The common part of all reports of a period. */
export type About = Pick<Report, 'period' | 'reportedBy'>;

/** The name of a party in the settings, otherwise its id. */
export type TitleOf = (party: string) => string;

const heads = (texts: readonly string[]) => texts.map((text) => ({ text }));
const stampOf = (at: string | null): string => (at === null ? 'chưa kết thúc' : formatLocal('dd/MM/yyyy HH:mm', at));
const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10);

/** Sums of all number members of lines. */
function summed<Line extends object>(lines: readonly Line[], members: readonly (keyof Line)[]): Line {
  return Object.fromEntries(
    members.map((member) => [member, lines.reduce((sum, line) => sum + (line[member] as number), 0)]),
  ) as Line;
}

/** Rows numbered from 1, and their total. */
function withTotal<Line extends { readonly key: string; readonly name: string | null }>(
  lines: readonly Line[],
  total: Line,
  cellsOf: (line: Line) => readonly Cell[],
  linksOf: (key: string | undefined) => NonNullable<ReportRow['links']>,
): readonly ReportRow[] {
  return [
    ...lines.map((line, at) => ({
      cells: [at + 1, agencyName(line.key, line.name), ...cellsOf(line)],
      links: linksOf(line.key),
    })),
    { cells: ['', 'Tổng cộng', ...cellsOf(total)], isTotal: true, links: linksOf(undefined) },
  ];
}

const LEVELS = { full: 'toàn trình', partial: 'một phần', information: 'chỉ cung cấp thông tin', '': 'chưa rõ mức' };
const ONLINE_SUMS = [
  ...(['received', 'online', 'payable', 'paidOnline'] as const),
  ...(['done', 'digitised', 'reused', 'paper', 'digitalResult'] as const),
];
/** The records behind each column. */
const ONLINE_COLUMNS = [
  ...['received', 'online', 'received', 'payable', 'paidOnline', 'payable'],
  ...['done', 'digitised', 'done', 'reused', 'paper', 'digitalResult', 'paper'],
];

/** Online services: shares of online dossiers, online payment and digitisation (QĐ 766/QĐ-TTg, items 3 and 4). */
export function onlineServices({ lines, services }: OnlineNumbers, about: About): Report {
  const cellsOf = (one: OnlineLine): readonly Cell[] => [
    ...[one.received, one.online, percentOf(one.online, one.received)],
    ...[one.payable, one.paidOnline, percentOf(one.paidOnline, one.payable)],
    ...[one.done, one.digitised, percentOf(one.digitised, one.done), one.reused],
    ...[one.paper, one.digitalResult, percentOf(one.digitalResult, one.paper)],
  ];
  const levels = Object.entries(LEVELS).flatMap(([level, text]) =>
    services[level] === undefined ? [] : [`${text} ${(services[level] ?? 0).toLocaleString('vi-VN')}`],
  );
  return {
    ...about,
    title: 'KẾT QUẢ CUNG CẤP DỊCH VỤ CÔNG TRỰC TUYẾN',
    unit: 'Số hồ sơ TTHC',
    widths: [6, 34],
    head: [
      [
        { text: 'STT', rows: 2 },
        { text: 'Cơ quan, đơn vị', rows: 2 },
        { text: 'Tiếp nhận trong kỳ', columns: 3 },
        { text: 'Thanh toán trực tuyến', columns: 3 },
        { text: 'Số hóa hồ sơ đã giải quyết', columns: 4 },
        { text: 'Kết quả điện tử', columns: 3 },
      ],
      heads([
        ...['Tổng số', 'Trực tuyến', 'Tỷ lệ (%)', 'Có phí, lệ phí', 'Thanh toán trực tuyến', 'Tỷ lệ (%)'],
        ...['Tổng số', 'Có số hóa', 'Tỷ lệ (%)', 'Tái sử dụng dữ liệu'],
        ...['Phải trả kết quả', 'Có kết quả điện tử', 'Tỷ lệ (%)'],
      ]),
      numbered(15),
    ],
    rows: withTotal(lines, { ...summed(lines, ONLINE_SUMS), key: '', name: null }, cellsOf, (key) =>
      recordLinks({ report: 'online-services', period: about.period.name }, ONLINE_COLUMNS, key),
    ),
    notes: [
      `Thủ tục đang áp dụng theo mức cung cấp: ${levels.join(', ') || 'chưa có danh mục'}.`,
      'Cách tính theo Quyết định 766/QĐ-TTg. Ô trống: không có hồ sơ để tính tỷ lệ.',
    ],
    signatures: SIGNATURES,
  };
}

const ANSWERED = ['received', 'inTime', 'late', 'pending', 'overdue'] as const;
const QUESTION_COLUMNS = [
  ...ANSWERED.map((member) => `question.${member}`),
  ...ANSWERED.map((member) => `petition.${member}`),
  ...RATING_LEVELS.map((level) => `rating.${level}`),
  'rating',
];

/** Questions, petitions and ratings by agency. */
export function questionsAndRatings(lines: readonly RecordLine[], about: About): Report {
  const answersOf = (one: AnswerNumbers): readonly number[] => ANSWERED.map((member) => one[member]);
  const ratedOf = (one: RecordLine): readonly number[] => RATING_LEVELS.map((level) => one.ratings[level] ?? 0);
  const cellsOf = (one: RecordLine): readonly Cell[] => {
    const [very = 0, satisfied = 0, not = 0] = ratedOf(one);
    const share = percentOf(very + satisfied, very + satisfied + not);
    return [...answersOf(one.question), ...answersOf(one.petition), very, satisfied, not, share];
  };
  const ratings = RATING_LEVELS.map((level) => [level, lines.reduce((sum, one) => sum + (one.ratings[level] ?? 0), 0)]);
  const total: RecordLine = {
    key: '',
    name: null,
    ratings: Object.fromEntries(ratings),
    question: summed(
      lines.map((one) => one.question),
      ANSWERED,
    ),
    petition: summed(
      lines.map((one) => one.petition),
      ANSWERED,
    ),
  };
  const answers = ['Nhận trong kỳ', 'Trả lời đúng hạn', 'Trả lời quá hạn', 'Chưa trả lời', 'Trong đó quá hạn'];
  return {
    ...about,
    title: 'HỎI ĐÁP, PHẢN ÁNH KIẾN NGHỊ VÀ ĐÁNH GIÁ CỦA TỔ CHỨC, CÁ NHÂN',
    widths: [6, 34],
    head: [
      [
        { text: 'STT', rows: 2 },
        { text: 'Cơ quan, đơn vị', rows: 2 },
        { text: 'Câu hỏi', columns: 5 },
        { text: 'Phản ánh, kiến nghị', columns: 5 },
        { text: 'Đánh giá', columns: 4 },
      ],
      heads([...answers, ...answers, 'Rất hài lòng', 'Hài lòng', 'Không hài lòng', 'Tỷ lệ hài lòng (%)']),
      numbered(16),
    ],
    rows: withTotal(lines, total, cellsOf, (key) =>
      recordLinks({ report: 'questions', period: about.period.name }, QUESTION_COLUMNS, key),
    ),
    notes: ['Câu hỏi không có hạn trả lời được tính là đúng hạn.'],
    signatures: SIGNATURES,
  };
}

/** The last three are of the last comparison: see the party. */
const CONNECTION_COLUMNS = ['deliveries', 'delivered', 'refused', 'waiting', 'deliveries', 'delivered', 'delivered'];
const COMPARED_AT = [9, 10, 11];

/** What each party received, how fast, and whether it agrees with the hub. */
export function connections(lines: readonly ConnectionLine[], about: About, titleOf: TitleOf): Report {
  const linksOf = (party: string) => ({
    ...recordLinks({ report: 'connections', period: about.period.name }, CONNECTION_COLUMNS, party),
    ...Object.fromEntries(COMPARED_AT.map((at) => [at, `/api/v1/ops/parties/${encodeURIComponent(party)}`])),
  });
  return {
    ...about,
    title: 'TÌNH HÌNH KẾT NỐI, CHIA SẺ DỮ LIỆU VỚI CÁC HỆ THỐNG',
    unit: 'Lượt chuyển',
    widths: [6, 34],
    head: [
      [
        { text: 'STT', rows: 2 },
        { text: 'Bên kết nối', rows: 2 },
        { text: 'Lượt chuyển trong kỳ', columns: 5 },
        { text: 'Thời gian chuyển (phút)', columns: 2 },
        { text: 'Đối soát gần nhất', columns: 3 },
      ],
      heads([
        ...['Tổng số', 'Thành công', 'Bị từ chối', 'Đang chờ', 'Tỷ lệ thành công (%)', 'Trung vị', '95% trong'],
        ...['Đã so sánh', 'Khớp', 'Tỷ lệ khớp (%)'],
      ]),
      numbered(12),
    ],
    rows: lines.map((one, at) => ({
      cells: [
        ...[at + 1, titleOf(one.party), one.deliveries, one.delivered, one.refused, one.waiting],
        ...[percentOf(one.delivered, one.deliveries), rounded(one.medianMinutes), rounded(one.p95Minutes)],
        ...[one.judged, one.agreed, one.judged ? percentOf(one.agreed ?? 0, one.judged) : null],
      ],
      links: linksOf(one.party),
    })),
    notes: ['Tính theo lượt chuyển tạo trong kỳ, theo trạng thái hiện nay.'],
    signatures: SIGNATURES,
  };
}

const ASK_SUMS = ['asked', 'found', 'notFound', 'failed'] as const;
/** The `outcome` by which the list has the asks of each number. */
const ASK_FILTERS = ['', 'found', 'not-found', 'failed'] as const;

/** Questions to registers by agency, officer, register and purpose. */
export function asks(
  lines: readonly AskLine[],
  about: About,
  { titleOf, questionOf }: { readonly titleOf: TitleOf; readonly questionOf: (party: string, name: string) => string },
): Report {
  const numbersOf = (one: Pick<AskLine, (typeof ASK_SUMS)[number]>) => ASK_SUMS.map((member) => one[member]);
  const { from, to } = about.period;
  const linksOf = (filter: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      ASK_FILTERS.map((outcome, at) => [
        at + 6,
        `/api/v1/ops/asks?${new URLSearchParams({ from, to, ...filter, outcome }).toString()}`,
      ]),
    );
  return {
    ...about,
    title: 'SỐ LƯỢT TRA CỨU CƠ SỞ DỮ LIỆU QUỐC GIA, CHUYÊN NGÀNH',
    unit: 'Lượt tra cứu',
    widths: [6, 34, 18, 22, 22, 40, 10, 10, 10, 14],
    head: [
      heads([
        ...['STT', 'Cơ quan, đơn vị', 'Cán bộ', 'Cơ sở dữ liệu', 'Nội dung tra cứu', 'Mục đích'],
        ...['Tổng số', 'Có kết quả', 'Không có', 'Không trả lời được'],
      ]),
      numbered(10),
    ],
    rows: [
      ...lines.map((one, at) => ({
        cells: [
          at + 1,
          agencyName(one.key, one.name),
          one.officer,
          titleOf(one.party),
          questionOf(one.party, one.question),
          one.purpose,
          ...numbersOf(one),
        ],
        links: linksOf({
          agency: one.key,
          below: 'false',
          officer: one.officer || KEYLESS,
          party: one.party,
          question: one.question,
          purpose: one.purpose,
        }),
      })),
      {
        cells: ['', 'Tổng cộng', '', '', '', '', ...numbersOf(summed(lines, ASK_SUMS))],
        isTotal: true,
        links: linksOf({}),
      },
    ],
    notes: ['Trục không lưu thông tin dùng để tra cứu và câu trả lời. Ô cán bộ trống: đã hết thời hạn lưu.'],
    signatures: SIGNATURES,
  };
}

const KINDS: Readonly<Record<string, string>> = {
  'partner-away': 'Không liên lạc được',
  credentials: 'Thông tin đăng nhập bị từ chối',
  certificate: 'Chứng thư số không được chấp nhận',
  'certificate-expiry': 'Chứng thư số sắp hết hạn',
  'audit-broken': 'Nhật ký bị thay đổi',
  'put-back': 'Cơ sở dữ liệu được khôi phục hoặc thay thế',
  'replica-away': 'Bản sao chỉ đọc không dùng được',
  'paused-by-partner': 'Bên nhận ngừng nhận thông báo, trục đã tạm dừng',
  'file-fetch': 'Không lấy được tệp',
  'schema-drift': 'Cấu trúc dữ liệu thay đổi',
  'pull-failed': 'Không lấy được dữ liệu',
  'pull-invalid': 'Dữ liệu lấy về không hợp lệ',
  'pull-incomplete': 'Dữ liệu lấy về có thể thiếu',
  disagreement: 'Đối soát lệch',
  contradiction: 'Báo cáo trái với bản ghi',
};

/** The numbers of dossiers are the seventh and eighth column. */
const INCIDENT_COLUMNS = [...Array.from({ length: 4 }, () => undefined), 'delayed', 'wrong'];

/** The supplier's report on incidents: what happened, how long, what it did to dossiers, and what was done. */
export function incidents(
  lines: readonly IncidentLine[],
  about: About,
  { now, titleOf }: { readonly now: string; readonly titleOf: TitleOf },
): Report {
  const hoursOf = ({ openedAt, closedAt }: IncidentLine): number | null =>
    rounded((instantToMs(closedAt ?? now) - instantToMs(openedAt)) / 3_600_000);
  const total = summed(lines, ['delayed', 'wrong']);
  const linksOf = (key: string | undefined) =>
    recordLinks({ report: 'incidents', period: about.period.name }, INCIDENT_COLUMNS, key);
  return {
    ...about,
    title: 'BÁO CÁO SỰ CỐ CỦA ĐƠN VỊ CUNG CẤP PHẦN MỀM',
    widths: [6, 18, 26, 17, 17, 10, 10, 10, 34, 34],
    head: [
      heads([
        ...['STT', 'Hệ thống', 'Sự cố', 'Bắt đầu', 'Kết thúc', 'Số giờ', 'Hồ sơ bị chậm', 'Hồ sơ bị từ chối'],
        ...['Nguyên nhân', 'Biện pháp xử lý'],
      ]),
      numbered(10),
    ],
    rows: [
      ...lines.map((one, at) => ({
        cells: [
          ...[at + 1, one.party === 'hub' ? 'Trục liên thông' : titleOf(one.party), KINDS[one.kind] ?? one.kind],
          ...[stampOf(one.openedAt), stampOf(one.closedAt), hoursOf(one), one.delayed, one.wrong],
          ...[causeOf(one), one.action ?? 'chưa ghi nhận'],
        ],
        links: {
          ...linksOf(String(one.id)),
          0: `/api/v1/ops/incidents/${one.id}`,
          5: `/api/v1/ops/incidents/${one.id}`,
        },
      })),
      {
        cells: ['', 'Tổng cộng', `${lines.length} sự cố`, '', '', null, total.delayed, total.wrong, '', ''],
        isTotal: true,
        links: linksOf(undefined),
      },
    ],
    notes: ['Nguyên nhân và biện pháp do cán bộ vận hành ghi trên màn hình điều hành.'],
    signatures: ['Đơn vị cung cấp phần mềm', 'Thủ trưởng đơn vị'],
  };
}

/** The pull and the reason by their codes, before the sentence that says the same in words. */
const CODES_BEFORE = /^(?:[a-z][a-z-]*: )+(?=.)/;

/** The code of a network error, after the sentence that says the same in words. */
const ERROR_CODE_AFTER = /: E[A-Z]{4,}$/;

/** The operation and the door of a message whose structure changed, before what changed. */
const OPERATION_BEFORE = /^([a-z-]+)\.(upsert|progress)\.v\d+ \(\w+\): /;

function causeOf({ cause, action, foundCause, words }: IncidentLine): string {
  if (cause !== null) return cause;
  const found = (words ? render(words, 'vi') : foundCause)
    .replace(CODES_BEFORE, '')
    .replace(ERROR_CODE_AFTER, '')
    .replace(OPERATION_BEFORE, (_, kind: string, what: string) => {
      const noun = what === 'progress' ? what : kind.replace('-', ' ');
      return `${NAMES[noun] ?? noun}: `;
    });
  return action === null ? `${found} (chưa xác minh)` : found;
}

/** The roles of processes, as reports name them. */
const ROLES = { api: 'Tiếp nhận và tra cứu', worker: 'Chuyển dữ liệu' } as const;

/** Hours follow from the runs of processes. */
const AVAILABILITY_COLUMNS = [undefined, undefined, 'runs', 'runs', 'runs'];

/** When the hub was there, by role, with every gap. */
export function availability(found: Readonly<Record<keyof typeof ROLES, Availability>>, about: About): Report {
  const hours = (ms: number): number => Math.round(ms / 36_000) / 100;
  const rows = (Object.keys(ROLES) as (keyof typeof ROLES)[]).flatMap((role, at): readonly ReportRow[] => {
    const { known, upMs, gaps } = found[role];
    const wholeMs = known ? instantToMs(known.to) - instantToMs(known.from) : 0;
    const links = recordLinks({ report: 'availability', period: about.period.name }, AVAILABILITY_COLUMNS, role);
    return [
      {
        cells: [
          ...[at + 1, ROLES[role], known ? stampOf(known.from) : '', known ? stampOf(known.to) : ''],
          ...[hours(upMs), hours(wholeMs - upMs), percentOf(upMs, wholeMs), ''],
        ],
        isTotal: true,
        links,
      },
      ...gaps.map(({ from, to, wasOrdered }) => ({
        cells: [
          ...['', 'Gián đoạn', stampOf(from), stampOf(to), null, hours(instantToMs(to) - instantToMs(from)), null],
          wasOrdered ? 'Dừng có chủ đích' : 'Không dừng theo lệnh',
        ],
        links,
      })),
    ];
  });
  return {
    ...about,
    title: 'MỨC ĐỘ SẴN SÀNG CỦA HỆ THỐNG',
    unit: 'Giờ',
    widths: [6, 30, 20, 20, 14, 14, 14, 26],
    head: [
      heads(['STT', 'Chức năng', 'Từ', 'Đến', 'Hoạt động', 'Gián đoạn', 'Tỷ lệ sẵn sàng (%)', 'Ghi chú']),
      numbered(8),
    ],
    rows,
    notes: ['Chỉ tính khoảng thời gian mà trục có ghi nhận. Gián đoạn ngắn hơn 90 giây không được tính.'],
    signatures: SIGNATURES,
  };
}
