import type { SimulatorContext } from '#kit/testing';
import type { PortalOptions, PortalState, Reply } from './state.ts';

type Item = Readonly<Record<string, unknown>>;

/** A question as the portal keeps it, with its answers. */
export interface KeptQuestion {
  /** Which list shows it: questions that citizens sent on the portal, or questions of agencies. */
  readonly list: 'sent' | 'agencies';
  readonly entry: Item;
  readonly answers: readonly Item[];
}

/** Invented questions of citizens: one is new, one has an answer, one is not public. */
export const SAMPLE_QUESTIONS: readonly KeptQuestion[] = [
  {
    list: 'sent',
    entry: question(5101, 'Đăng ký khai sinh cho con cần giấy tờ gì?', 'Lê Thị Thử'),
    answers: [],
  },
  {
    list: 'sent',
    entry: question(5102, 'Cấp lại thẻ căn cước mất bao lâu?', 'Phạm Văn Nghiệm'),
    answers: [{ TRALOIID: 7201, NOIDUNGTRALOI: 'Không quá 7 ngày làm việc.' }],
  },
  {
    list: 'sent',
    entry: { ...question(5103, 'Tôi hỏi về hồ sơ của gia đình tôi.', 'Đỗ Thị Mẫu'), TRANGTHAI: '0' },
    answers: [],
  },
];

function question(HOIDAPID: number, NOIDUNG: string, HOVATEN: string): Item {
  return {
    HOIDAPID,
    MALINHVUC: 'G03-GD10',
    MADONVI: 'H60.01',
    TENDONVI: 'Sở thử nghiệm',
    NOIDUNG,
    HOVATEN,
    THUDIENTU: `nguoi-hoi-${HOIDAPID}@example.test`,
    SODIENTHOAI: '0900000000',
    DIACHI: 'Tổ 1, phường Thử Nghiệm',
  };
}

interface Call {
  readonly body: Item;
  readonly context: SimulatorContext<PortalState>;
  readonly options: PortalOptions;
}

/** The services of questions and answers (domain-2 1.2). */
export const QUESTION_SERVICES: Readonly<Record<string, (call: Call) => Reply>> = {
  LayDanhSachHoiDapGuiTuDVCQG: ({ context }) => ({ code: 0, result: listed(context.state, 'sent') }),
  LayDanhSachHoiDapBoCoQuan: ({ context }) => ({ code: 0, result: listed(context.state, 'agencies') }),
  LayNoiDungTraLoiTheoCauHoi: ({ body, context, options }) => {
    const number = String(body.cauhoiid);
    const result = context.state.questions.get(number)?.answers ?? [];
    const message = options.answersError?.(number, result.length);
    return message === undefined ? { code: 0, result } : { code: -1, message };
  },
  DongBoHoiDap: ({ body, context }) =>
    each(body, ['HOIDAPID', 'NOIDUNG', 'MADONVI'], (item) => {
      const number = String(item.HOIDAPID);
      const { MaLinhVuc, ...entry } = item;
      const { answers = [] } = context.state.questions.get(number) ?? {};
      context.state.questions.set(number, { list: 'agencies', entry: { ...entry, MALINHVUC: MaLinhVuc }, answers });
      context.ledger.record('question', number, item);
      return undefined;
    }),
  DongBoKetQuaHoiDapGuiTuDVCQG: ({ body, context }) =>
    each(body, ['HOIDAPID', 'MADONVI', 'NGUOITRALOI', 'NGAYTRALOI', 'NOIDUNGTRALOI'], (item) => {
      const number = String(item.HOIDAPID);
      const known = context.state.questions.get(number);
      if (!known) return { code: -1, message: `Câu hỏi ${number} không tồn tại` };
      if (!/^\d\d\/\d\d\/\d{4}$/.test(String(item.NGAYTRALOI)))
        return { code: -3, message: 'NGAYTRALOI không đúng định dạng dd/MM/yyyy' };
      const answer = { TRALOIID: 9_000 + ++context.state.answers, NOIDUNGTRALOI: item.NOIDUNGTRALOI };
      context.state.questions.set(number, { ...known, answers: [...known.answers, answer] });
      context.ledger.record('answer', number, item);
      return undefined;
    }),
};

/** The status of a dossier, and ratings in the form of the tests. The portal keeps one rating of a dossier. */
export const REPORT_SERVICES: Readonly<Record<string, (call: Call) => Reply>> = {
  DongBoTrangThaiHoSo: ({ body, context }) => {
    const data = body.data as Item | undefined;
    if (typeof data !== 'object' || data === null || Array.isArray(data) || !data.MaHoSo || !data.TrangThai)
      return { code: -3, message: 'Thiếu MaHoSo hoặc TrangThai' };
    // It sets a status at a moment: the same again changes nothing.
    const report = [data.MaHoSo, data.TrangThai, data.NgayXuLy].join(' ');
    if (!context.state.reports.has(report)) context.ledger.record('status', String(data.MaHoSo), data);
    context.state.reports.add(report);
    return { code: 0, message: 'Thành công', result: [] };
  },
  DongBoDanhGia: ({ body, context }) =>
    each(body, ['MaHoSo'], (item) => {
      const code = String(item.MaHoSo);
      if (context.state.ratings.has(code)) return { code: -3, message: `Đánh giá của ${code} đã tồn tại` };
      context.state.ratings.add(code);
      context.ledger.record('rating', code, item);
      return undefined;
    }),
};

/** The entries of a list, each with its newest answer if it has one. */
function listed({ questions }: PortalState, list: KeptQuestion['list']): readonly Item[] {
  return [...questions.values()]
    .filter((one) => one.list === list)
    .map(({ entry, answers }) => ({ ...entry, ...(answers.at(-1) ?? { TRALOIID: 0, NOIDUNGTRALOI: '' }) }));
}

/** Takes the items of a call, all or none. */
function each(body: Item, needed: readonly string[], take: (item: Item) => Reply | undefined): Reply {
  const items = Array.isArray(body.data) ? (body.data as readonly Item[]) : [];
  if (items.length === 0) return { code: -1, message: 'Thiếu data' };
  for (const item of items)
    for (const field of needed)
      if (item[field] === undefined || item[field] === '') return { code: -3, message: `Thiếu trường ${field}` };
  for (const item of items) {
    const fault = take(item);
    if (fault) return fault;
  }
  return { code: 0, message: 'Thành công', result: [] };
}
