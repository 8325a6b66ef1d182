import { html } from 'hono/html';
import { capitalised } from '#core/vietnamese/text';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { badgeOf, type Tone } from '../parts/parts.ts';
import { timeOf } from './times.ts';

/** The names of the API's words in both languages, and the colour of each. */
export type WordTable = Readonly<Record<string, readonly [vietnamese: string, english: string, tone?: Tone]>>;

export const HEALTH = {
  ok: ['hoạt động tốt', 'well', 'good'],
  paused: ['đang tạm dừng', 'paused', 'warn'],
  maintenance: ['đang bảo trì', 'in maintenance', 'plain'],
  trouble: ['có vấn đề', 'in trouble', 'bad'],
  away: ['không liên lạc được', 'unreachable', 'bad'],
  'not-configured': ['không có trong cấu hình', 'not configured', 'warn'],
} as const satisfies WordTable;

export const BREAKERS = {
  closed: ['không ngắt', 'closed'],
  open: ['đang ngắt', 'open'],
  'half-open': ['đang thử lại', 'half open'],
} as const satisfies WordTable;

export const DELIVERY_STATES = {
  due: ['chờ gửi', 'due', 'plain'],
  delivered: ['đã chuyển', 'delivered', 'good'],
  refused: ['bị từ chối', 'refused', 'bad'],
  parked: ['ngừng gửi lại, hết số lần thử', 'parked', 'bad'],
  held: ['tạm giữ', 'held', 'warn'],
} as const satisfies WordTable;

/** The states in the filter of deliveries. */
export const DELIVERY_FILTER_STATES = {
  failed: ['không thành công, cần xử lý', 'failed'],
  ...DELIVERY_STATES,
} as const satisfies WordTable;

export const ATTEMPT_OUTCOMES = {
  delivered: ['đã chuyển', 'delivered', 'good'],
  refused: ['bị từ chối', 'refused', 'bad'],
  unavailable: ['chưa nhận được, thử lại', 'unavailable', 'warn'],
  unknown: ['không rõ đã nhận chưa', 'unknown', 'warn'],
} as const satisfies WordTable;

export const MESSAGE_OUTCOMES = {
  accepted: ['đã nhận', 'accepted', 'good'],
  quarantined: ['có mục chờ xử lý', 'quarantined', 'warn'],
  invalid: ['không hợp lệ', 'invalid', 'bad'],
  'partly-invalid': ['một phần không hợp lệ', 'partly invalid', 'bad'],
  refused: ['từ chối cả thông điệp', 'refused', 'bad'],
} as const satisfies WordTable;

export const ITEM_OUTCOMES = {
  ...MESSAGE_OUTCOMES,
  quarantined: ['chờ xử lý', 'quarantined', 'warn'],
  duplicate: ['đã có, trùng nội dung', 'duplicate', 'plain'],
  stale: ['cũ hơn bản đang lưu', 'stale', 'plain'],
} as const satisfies WordTable;

/** The outcomes of a file. */
export const DROP_OUTCOMES = {
  taken: ['đã nhận', 'taken', 'good'],
  repeat: ['trùng tệp đã nhận', 'taken before', 'plain'],
  refused: ['bị từ chối', 'refused', 'bad'],
} as const satisfies WordTable;

export const DROP_PLACES = {
  folder: ['thư mục', 'folder'],
  sftp: ['máy chủ SFTP', 'SFTP server'],
  upload: ['bên kết nối gửi lên', 'upload by the party'],
  operator: ['cán bộ gửi lên', 'upload by an operator'],
} as const satisfies WordTable;

/** What the rows of a file did. */
export const EFFECTS = {
  new: ['mới', 'new'],
  changed: ['cập nhật', 'changed'],
  same: ['không đổi', 'unchanged'],
  stale: ['cũ hơn dữ liệu đang có', 'older than the stored data'],
  quarantined: ['chờ xử lý', 'waiting'],
  invalid: ['không hợp lệ', 'invalid'],
} as const satisfies WordTable;

export const OPERATIONS = {
  'dossier.upsert.v1': ['hồ sơ', 'dossier'],
  'dossier.progress.v1': ['tiến độ', 'progress'],
  'service.upsert.v1': ['thủ tục', 'service'],
  'agency.upsert.v1': ['cơ quan', 'agency'],
  'field.upsert.v1': ['lĩnh vực', 'field'],
  'question.upsert.v1': ['câu hỏi', 'question'],
  'petition.upsert.v1': ['phản ánh, kiến nghị', 'petition'],
  'rating.upsert.v1': ['đánh giá', 'rating'],
  'postal-order.upsert.v1': ['bưu gửi', 'postal order'],
  'payment.upsert.v1': ['thanh toán', 'payment'],
} as const satisfies WordTable;

/** The names of pulls and callbacks. A name that only its adapter knows stays unchanged. */
export const PULLS = {
  catalogue: ['danh mục thủ tục, cơ quan', 'the catalogue'],
  services: ['thủ tục', 'services'],
  questions: ['câu hỏi', 'questions'],
  petitions: ['phản ánh, kiến nghị', 'petitions'],
  results: ['kết quả xử lý', 'results'],
  dossiers: ['hồ sơ', 'dossiers'],
  progress: ['tiến độ', 'progress'],
  transactions: ['giao dịch thanh toán', 'payment transactions'],
  orders: ['bưu gửi', 'postal orders'],
  tracking: ['hành trình bưu gửi', 'postal tracking'],
  statistic: ['số liệu tháng', 'figures of a month'],
  vote: ['đánh giá trong tháng', 'ratings of a month'],
  ratings: ['đánh giá', 'ratings'],
  payments: ['thanh toán', 'payments'],
  ipn: ['báo kết quả thanh toán', 'payment notice'],
} as const satisfies WordTable;

export const CAUSES = {
  unmapped: ['mã chưa có trong bảng mã', 'unmapped code', 'warn'],
  'doubtful-text': ['văn bản nghi lỗi phông chữ', 'doubtful text', 'warn'],
  'dossier-unknown': ['chưa thấy hồ sơ', 'dossier not seen yet', 'plain'],
  'record-unknown': ['chưa thấy bản ghi', 'record not seen yet', 'plain'],
  contradiction: ['báo cáo trái với bản ghi', 'report contradicts the record', 'bad'],
  'not-owner': ['bên gửi không phụ trách', 'the sender is not entitled', 'warn'],
  'code-conflict': ['một mã, hai nội dung', 'one code, two contents', 'warn'],
  'ahead-of-time': ['thời điểm chưa đến', 'time in the future', 'plain'],
  held: ['chờ cán bộ quyết định', 'held for a decision', 'warn'],
  unreadable: ['không đọc lại hoặc không áp dụng được', 'not readable or not applicable', 'bad'],
} as const satisfies WordTable;

/** What the tables are about whose codes dossiers carry. Other tables are those of one partner. */
const TABLES = {
  service: ['danh mục thủ tục', 'the catalogue of services'],
  agency: ['danh mục cơ quan', 'the catalogue of agencies'],
  field: ['danh mục lĩnh vực', 'the catalogue of fields'],
  'national-status': ['bảng mã trạng thái hồ sơ', 'the code table of statuses'],
} as const satisfies WordTable;

/** What a table of a partner is about, by the end of its name. */
const TABLE_SUBJECTS = {
  'agency-level': ['cấp cơ quan', 'levels of agencies'],
  'applicant-kind': ['loại người nộp', 'kinds of applicants'],
  channel: ['kênh thực hiện', 'channels'],
  collected: ['nơi thu phí', 'where fees are collected'],
  delivery: ['cách nhận kết quả', 'delivery of results'],
  digitised: ['số hóa kết quả', 'digitised results'],
  'fee-kind': ['loại phí', 'kinds of fees'],
  'filed-at': ['nơi nộp', 'where dossiers are filed'],
  'from-national-store': ['lấy từ kho quốc gia', 'taken from the national store'],
  'identity-kind': ['loại giấy tờ tùy thân', 'kinds of identity papers'],
  level: ['cấp thực hiện', 'levels of services'],
  'online-payment': ['thanh toán trực tuyến', 'online payment'],
  'reported-status': ['trạng thái được báo', 'reported statuses'],
  reused: ['dùng lại giấy tờ', 'reused papers'],
  status: ['trạng thái hồ sơ', 'statuses of dossiers'],
  visibility: ['công khai', 'visibility'],
} as const satisfies WordTable;

/** The name of a code table in the reader's language. A table that only its adapter knows keeps its own title. */
export function tableTitle(say: Say, name: string, title: string): string {
  const subject = Object.keys(TABLE_SUBJECTS)
    .filter((end) => name.endsWith(`-${end}`))
    .sort((one, other) => other.length - one.length)[0];
  return subject === undefined ? title : capitalised(word(say, TABLE_SUBJECTS, subject));
}

/** The members of records that a change of a code table or of an adapter's settings may change. */
const MEMBERS = {
  '': ['kết quả đọc', 'reading'],
  '/code': ['mã hồ sơ', 'code of the dossier'],
  '/status': ['trạng thái', 'status'],
  '/statusAt': ['thời điểm của trạng thái', 'time of the status'],
  '/serviceCode': ['mã thủ tục', 'code of the service'],
  '/serviceName': ['tên thủ tục', 'name of the service'],
  '/fieldCode': ['mã lĩnh vực', 'code of the field'],
  '/fieldName': ['tên lĩnh vực', 'name of the field'],
  '/agencyCode': ['mã cơ quan', 'code of the agency'],
  '/agencyName': ['tên cơ quan', 'name of the agency'],
  '/channel': ['kênh thực hiện', 'channel'],
  '/submittedAt': ['ngày nộp', 'submitted'],
  '/receivedAt': ['ngày tiếp nhận', 'received'],
  '/dueAt': ['ngày hẹn trả', 'due'],
  '/finishedAt': ['ngày xử lý xong', 'resolved'],
  '/returnedAt': ['ngày trả kết quả', 'result returned'],
  '/refusedAt': ['ngày từ chối', 'refused'],
  '/applicant': ['người nộp hồ sơ', 'applicant'],
  '/applicant/kind': ['loại người nộp', 'kind of applicant'],
  '/applicant/name': ['họ tên người nộp', 'name of the applicant'],
  '/applicant/identityKind': ['loại giấy tờ của người nộp', 'kind of the applicant’s paper'],
  '/applicant/identityNumber': ['số giấy tờ của người nộp', 'number of the applicant’s paper'],
  '/applicant/phone': ['số điện thoại của người nộp', 'phone of the applicant'],
  '/applicant/email': ['thư điện tử của người nộp', 'e-mail of the applicant'],
  '/applicant/address': ['địa chỉ của người nộp', 'address of the applicant'],
  '/abstract': ['trích yếu', 'abstract'],
  '/processingUnit': ['đơn vị xử lý', 'unit'],
  '/unit': ['đơn vị xử lý', 'unit'],
  '/actor': ['người xử lý', 'handled by'],
  '/title': ['chức danh', 'title'],
  '/content': ['nội dung', 'content'],
  '/note': ['ghi chú', 'note'],
  '/at': ['thời điểm', 'time'],
  '/startedAt': ['bắt đầu', 'started'],
  '/resultDelivery': ['cách nhận kết quả', 'delivery of the result'],
  '/filedAt': ['nơi nộp', 'filed at'],
  '/onlinePayment': ['thanh toán trực tuyến', 'online payment'],
  '/documents': ['giấy tờ', 'papers'],
  '/fees': ['phí, lệ phí', 'fees'],
  '/supplements': ['yêu cầu bổ sung', 'supplements'],
  '/results': ['kết quả', 'results'],
  '/onlineLevel': ['mức cung cấp trực tuyến', 'online level'],
  '/state': ['trạng thái', 'state'],
} as const satisfies WordTable;

/** A member by its name. Another one by its place in the record. */
export function memberOf(say: Say, path: string): Html {
  return Object.hasOwn(MEMBERS, path) ? html`${word(say, MEMBERS, path)}` : html`<code>${path}</code>`;
}

/** A member that a change of a code table concerns, with its values in words. */
export function changedMember(
  say: Say,
  { path, was, would }: { readonly path: string; readonly was: unknown; readonly would: unknown },
): Html {
  const shown = (value: unknown): Html => {
    if (value === null) return html`–`;
    if (typeof value !== 'string') return html`${JSON.stringify(value)}`;
    if (path === '/status') return html`${word(say, STATUSES, value)}`;
    if (Object.hasOwn(MEANINGS, value)) return html`${word(say, MEANINGS, value)}`;
    return /[/a-z]At$|^\/at$/.test(path) ? timeOf(value) : html`${value}`;
  };
  return html`<div>${memberOf(say, path)}: ${shown(was)} → <strong>${shown(would)}</strong></div>`;
}

interface CauseNamed {
  readonly kind: string;
  readonly key?: string;
  readonly unmapped: { readonly table: string; readonly from: string } | null;
}

/** Why something waits, as a sentence. */
export function causeSentence(say: Say, { kind, key = '', unmapped }: CauseNamed): string {
  const [, heldKind = '', heldCode = ''] = /^held:(\S+) (.+)$/.exec(key) ?? [];
  if (heldKind in QUEUED_KINDS) {
    const what = capitalised(`${word(say, QUEUED_KINDS, heldKind)} ${heldCode}`);
    return say(
      `${what} có dấu hiệu khiếu nại, tố cáo, chờ quyết định`,
      `${what} may be a complaint, and waits for a decision`,
    );
  }
  if (!unmapped) return capitalised(word(say, CAUSES, kind));
  const { table, from } = unmapped;
  const name = Object.hasOwn(TABLES, table)
    ? word(say, TABLES, table)
    : say(`bảng mã “${tableTitle(say, table, table)}”`, `the code table “${tableTitle(say, table, table)}”`);
  return say(`Mã ${from} chưa có trong ${name}`, `Code ${from} is not in ${name}`);
}

export const INCIDENTS = {
  'partner-away': ['không liên lạc được', 'partner unreachable', 'bad'],
  credentials: ['thông tin đăng nhập bị từ chối', 'credentials refused', 'bad'],
  certificate: ['chứng thư số không được chấp nhận', 'certificate', 'bad'],
  'certificate-expiry': ['chứng thư số sắp hết hạn', 'certificate about to expire', 'warn'],
  'audit-broken': ['nhật ký bị thay đổi', 'audit was tampered with', 'bad'],
  'put-back': ['cơ sở dữ liệu được khôi phục hoặc thay thế', 'database restored or replaced', 'bad'],
  'replica-away': ['bản sao chỉ đọc không dùng được', 'replica out of use', 'warn'],
  'paused-by-partner': [
    'bên nhận ngừng nhận thông báo, trục đã tạm dừng',
    'paused: the subscriber wants no more events',
    'bad',
  ],
  'file-fetch': ['không lấy được tệp', 'files cannot be fetched', 'warn'],
  'schema-drift': ['cấu trúc dữ liệu thay đổi', 'schema drift', 'warn'],
  'pull-failed': ['không lấy được dữ liệu', 'pull failed', 'bad'],
  'pull-invalid': ['dữ liệu lấy về không hợp lệ', 'pulled data is invalid', 'bad'],
  'pull-incomplete': ['dữ liệu lấy về có thể thiếu', 'pulled data may be incomplete', 'bad'],
  disagreement: ['đối soát lệch', 'disagreement', 'warn'],
  contradiction: ['báo cáo trái với bản ghi', 'report contradicts the record', 'bad'],
} as const satisfies WordTable;

export const ANOMALIES = {
  'same-time': ['hai trạng thái cùng thời điểm', 'two statuses at the same time', 'warn'],
  transition: ['bước chuyển ngoài quy định', 'transition not allowed', 'warn'],
  reopened: ['mở lại sau khi kết thúc', 'reopened', 'plain'],
  'reopened-without-reason': ['mở lại không nêu lý do', 'reopened without a reason', 'bad'],
  'ahead-of-time': ['thời điểm chưa đến', 'time in the future', 'bad'],
  'not-owner': ['thay đổi do bên không phụ trách hồ sơ báo', 'change by a party that does not own the dossier', 'warn'],
} as const satisfies WordTable;

export const STATUSES = {
  submitted: ['mới đăng ký', 'submitted'],
  received: ['được tiếp nhận', 'received'],
  refused: ['không được tiếp nhận', 'refused'],
  processing: ['đang xử lý', 'processing'],
  'supplement-required': ['yêu cầu bổ sung giấy tờ', 'supplement required'],
  'payment-required': ['yêu cầu thực hiện nghĩa vụ tài chính', 'payment required'],
  withdrawn: ['công dân yêu cầu rút hồ sơ', 'withdrawn'],
  stopped: ['dừng xử lý', 'stopped'],
  resolved: ['đã xử lý xong', 'resolved'],
  returned: ['đã trả kết quả', 'returned'],
} as const satisfies WordTable;

/** What an answer of a ministry may mean. */
const ANSWER_MEANINGS = {
  ok: ['bên nhận đã thực hiện', 'the partner did it'],
  none: ['không tìm thấy', 'nothing there'],
  expired: ['phiên làm việc đã hết hạn', 'the session ended'],
  taken: ['bên nhận đã có', 'the partner has it already'],
  busy: ['bên nhận đang bận, gửi lại sau', 'busy, the hub retries'],
  refused: ['bên nhận từ chối', 'refused for good'],
} as const satisfies WordTable;

/** The names of our own values in code tables. A dossier's status comes first: both lists have `refused`. */
export const MEANINGS: WordTable = { ...ANSWER_MEANINGS, ...STATUSES };

export const QUEUED_KINDS = {
  question: ['câu hỏi', 'question'],
  petition: ['phản ánh, kiến nghị', 'petition'],
} as const satisfies WordTable;

export const RECORD_KINDS = {
  ...QUEUED_KINDS,
  rating: ['đánh giá', 'rating'],
  'postal-order': ['bưu gửi', 'postal order'],
  payment: ['thanh toán', 'payment'],
} as const satisfies WordTable;

export const WATCHED_KINDS = {
  'postal-order': RECORD_KINDS['postal-order'],
  payment: RECORD_KINDS.payment,
} as const satisfies WordTable;

/** Why operators look at a payment or a postal order. */
export const TROUBLES = {
  disagrees: ['không khớp với hồ sơ', 'does not agree with the dossier', 'bad'],
  still: ['lâu không có trạng thái mới', 'no new state for days', 'warn'],
  'no-dossier': ['chưa thấy hồ sơ', 'dossier not seen', 'warn'],
} as const satisfies WordTable;

export const PAYMENT_STATES = {
  requested: ['chờ thanh toán', 'requested'],
  initiated: ['đã khởi tạo', 'initiated'],
  pending: ['chờ xác nhận', 'pending'],
  paid: ['đã thanh toán', 'paid'],
  failed: ['không thành công', 'failed'],
  cancelled: ['đã hủy', 'cancelled'],
  refunded: ['đã hoàn tiền', 'refunded'],
} as const satisfies WordTable;

export const POSTAL_STATES = {
  registered: ['đã đăng ký', 'registered'],
  collecting: ['đang đến nhận', 'collecting'],
  'handed-over': ['đã bàn giao', 'handed over'],
  delivered: ['đã phát', 'delivered'],
  cancelled: ['đã hủy', 'cancelled'],
  failed: ['phát không thành công', 'failed'],
} as const satisfies WordTable;

export const QUESTION_STATES = {
  received: ['đã tiếp nhận', 'received', 'plain'],
  held: ['tạm giữ, chờ quyết định', 'held', 'warn'],
  assigned: ['đã phân công', 'assigned', 'plain'],
  answered: ['đã trả lời', 'answered', 'good'],
  published: ['đã công khai', 'published', 'good'],
  refused: ['từ chối', 'refused', 'bad'],
  withdrawn: ['người gửi rút', 'withdrawn', 'plain'],
} as const satisfies WordTable;

export const DUE = {
  overdue: ['quá hạn', 'overdue', 'bad'],
  soon: ['còn dưới 48 giờ', 'due within 48 hours', 'warn'],
} as const satisfies WordTable;

export const MAPPING_STATES = {
  draft: ['bản nháp', 'draft', 'plain'],
  asked: ['chờ phê duyệt', 'waiting for approval', 'warn'],
  applied: ['đã áp dụng', 'applied', 'good'],
  refused: ['bị từ chối', 'refused', 'bad'],
  withdrawn: ['đã rút', 'withdrawn', 'plain'],
} as const satisfies WordTable;

export const EFFECT_KINDS = {
  changed: ['giá trị khác', 'other values', 'warn'],
  readable: ['sẽ đọc được', 'would be read', 'good'],
  unreadable: ['không còn đọc được', 'no longer read', 'bad'],
  otherwise: ['chờ vì lý do khác', 'waits for another reason', 'plain'],
} as const satisfies WordTable;

export const REPLAY_STATES = {
  running: ['đang chạy', 'running', 'plain'],
  stopped: ['đã dừng', 'stopped', 'warn'],
  done: ['đã xong', 'done', 'good'],
} as const satisfies WordTable;

export const REPLAY_OUTCOMES = {
  replayed: ['đã đưa vào hàng chờ gửi lại', 'due again', 'good'],
  'already-due': ['đang chờ gửi từ trước', 'already due'],
  held: ['đang chờ xử lý', 'held in quarantine', 'warn'],
  superseded: ['đã có bản mới hơn', 'superseded by a newer version'],
  'just-replayed': ['đã được yêu cầu trước đó ít phút', 'requested a moment ago'],
  waits: ['chờ lượt khác của hồ sơ', 'waits for another delivery'],
  erased: ['đã xóa dữ liệu cá nhân', 'personal data erased', 'warn'],
  added: ['thêm lượt chuyển', 'a delivery added', 'good'],
} as const satisfies WordTable;

/** What a look-up at a party shows. */
export const VERDICTS = {
  agrees: ['khớp', 'agrees', 'good'],
  differs: ['khác nội dung', 'differs', 'bad'],
  absent: ['bên nhận không còn hồ sơ này', 'the receiver no longer has it', 'bad'],
  behind: ['bên nhận có bản cũ, bản mới chưa chuyển được', 'the receiver has an older version', 'bad'],
  pending: ['đang có lượt chờ gửi, chưa so', 'not compared: a delivery is under way'],
  untold: ['trả lời của bên nhận không nêu', 'the answer of the receiver does not say', 'warn'],
  'not-asked': ['chưa so được', 'not compared', 'warn'],
  'never-sent': ['bên nhận chưa nhận lần nào', 'the receiver never took it'],
} as const satisfies WordTable;

export const ACTIONS = {
  'body.read': ['xem nội dung (đã che)', 'read a body, masked'],
  'body.read-personal': ['xem nội dung có dữ liệu cá nhân', 'read a body with personal data'],
  'dossier.read-personal': ['xem hồ sơ có dữ liệu cá nhân', 'read a dossier with personal data'],
  'dossier.history-personal': ['xem diễn biến có dữ liệu cá nhân', 'read a history with personal data'],
  'dossier.evidence': ['lập chứng cứ về hồ sơ', 'create evidence of a dossier'],
  'dossier.list-personal': ['liệt kê hồ sơ có dữ liệu cá nhân', 'list dossiers with personal data'],
  'console.sign-in': ['đăng nhập', 'sign in'],
  'console.sign-in-refused': ['đăng nhập không thành công', 'failed sign-in'],
  'console.sign-out': ['đăng xuất', 'sign out'],
  'order.refused': ['thao tác bị từ chối', 'refused order'],
  'delivery.replay': ['chuyển lại một lượt', 'replay one delivery'],
  'replay.start': ['bắt đầu đợt chuyển lại', 'start a replay'],
  'backfill.start': ['bắt đầu đợt chuyển bù', 'start a backfill'],
  'replay.stop': ['dừng đợt chuyển lại', 'stop a replay'],
  'party.pause': ['tạm dừng bên kết nối', 'pause a party'],
  'party.resume': ['cho bên kết nối chạy tiếp', 'resume a party'],
  'incident.note': ['ghi nguyên nhân và xử lý sự cố', 'state what was done about an incident'],
  'party.look-up': ['so hồ sơ với bên kết nối', 'compare dossiers with a party'],
  'party.pull': ['lấy dữ liệu ngay', 'pull now'],
  'party.files-personal': ['xem tên tệp không che', 'read names of files in full'],
  'party.file': ['nhận tệp thay bên kết nối', 'take a file of a party'],
  'quarantine.map': ['gán mã', 'map a code'],
  'quarantine.release': ['cho qua', 'release'],
  'quarantine.dismiss': ['bỏ, không áp dụng', 'dismiss'],
  'record.assign': ['phân công câu hỏi, phản ánh', 'assign a question or petition'],
  'record.answer': ['trả lời câu hỏi, phản ánh', 'answer a question or petition'],
  'record.publish': ['công khai câu hỏi', 'publish a question'],
  'record.refuse': ['từ chối câu hỏi, phản ánh', 'refuse a question or petition'],
  'record.hold': ['tạm giữ câu hỏi, phản ánh', 'hold a question or petition'],
  'code-table.enter': ['thêm dòng bảng mã', 'enter a line of a code table'],
  'mapping.draft': ['soạn thay đổi bảng mã', 'draft a change of a code table'],
  'mapping.ask': ['đề nghị phê duyệt thay đổi bảng mã', 'ask for approval of a mapping change'],
  'mapping.approve': ['phê duyệt thay đổi bảng mã', 'approve a mapping change'],
  'mapping.refuse': ['từ chối thay đổi bảng mã', 'refuse a mapping change'],
  'mapping.correct': ['đính chính theo thay đổi bảng mã', 'correct by a mapping change'],
  'mapping.try-personal': ['xem dữ liệu cá nhân khi thử bảng mã', 'see personal data in a trial of a mapping'],
  'mapping.withdraw': ['rút thay đổi bảng mã', 'withdraw a mapping change'],
  'index.rebuilt': ['dựng lại chỉ mục', 'rebuild the index'],
  'export.personal': ['xuất dữ liệu cá nhân', 'export personal data'],
  'import.begun': ['bắt đầu nhập tệp', 'begin to import a file'],
  import: ['nhập tệp', 'import a file'],
  'archive.taken-back': ['nạp lại tháng đã lưu trữ', 'take back an archived month'],
  'archive.written': ['lưu trữ một tháng', 'archive a month'],
  'hold.set': ['đặt lệnh giữ dữ liệu', 'set a legal hold'],
  'hold.lift': ['gỡ lệnh giữ dữ liệu', 'lift a legal hold'],
  'order.previewed': ['xem trước việc xóa dữ liệu của một người', 'preview the erasure of one person’s data'],
  'order.erased': ['xóa dữ liệu của một người', 'erase the data of one person'],
  'retention.erased': ['xóa dữ liệu cá nhân hết hạn lưu', 'erase personal data by the retention'],
  'record.evidence': ['lập chứng cứ về bản ghi', 'create evidence of a record'],
  'doubtful.settle': ['xử lý hồ sơ chưa khẳng định được', 'settle a doubtful dossier'],
  'file.read': ['tải tệp của người dân', 'read a file of a person'],
  'file.link': ['lập đường dẫn tải tệp', 'create a link to a file'],
  'register.ask': ['tra cứu CSDL quốc gia, chuyên ngành', 'ask a register'],
  'database.put-back': ['khôi phục hoặc thay thế cơ sở dữ liệu', 'restore or replace the database'],
} as const satisfies WordTable;

/** The outcomes of a question to a register. */
export const ASK_OUTCOMES = {
  found: ['có kết quả', 'found'],
  'not-found': ['không có', 'not found'],
  several: ['nhiều bản ghi phù hợp', 'several records'],
  refused: ['bị từ chối', 'refused'],
  unavailable: ['chưa tra cứu được', 'unavailable'],
  unknown: ['không trả lời được', 'no usable answer'],
  open: ['chưa ghi nhận kết quả', 'no outcome recorded'],
} as const satisfies WordTable;

/** The records behind the numbers of reports. */
export const REPORTED = {
  ...RECORD_KINDS,
  dossier: ['hồ sơ', 'dossier'],
  delivery: ['lượt chuyển', 'delivery'],
  run: ['lượt chạy của tiến trình', 'run of a process'],
} as const satisfies WordTable;

/** How a dossier or record has data of a person. */
export const ERASED_PARTS = {
  own: ['của người này', 'of the person'],
  former: ['trước đây của người này', 'of the person before'],
  mentioned: ['có nhắc đến; chỉ che phần nhắc đến', 'mentions the person; only the mention is hidden'],
} as const satisfies WordTable;

export const KEPT_BECAUSE = {
  held: ['lệnh giữ dữ liệu', 'legal hold'],
  open: ['chưa kết thúc', 'not ended'],
} as const satisfies WordTable;

export const ERASURE_CAUSES = {
  retention: ['hết hạn lưu', 'retention'],
  order: ['theo yêu cầu', 'order'],
} as const satisfies WordTable;

export const SETTLEMENTS = {
  mapped: ['đã gán mã', 'mapped'],
  released: ['đã cho qua', 'released'],
  dismissed: ['đã bỏ', 'dismissed'],
  erased: ['đã xóa dữ liệu cá nhân', 'personal data erased'],
} as const satisfies WordTable;

/** A word of the API in the reader's language. Unknown words stay unchanged. */
export function word(say: Say, words: WordTable, name: string | null | undefined): string {
  if (!name) return '–';
  const known = Object.hasOwn(words, name) ? words[name] : undefined;
  return known ? say(known[0], known[1]) : name;
}

/** The same word as a coloured badge. */
export function badge(say: Say, words: WordTable, name: string | null | undefined): Html {
  const tone = name && Object.hasOwn(words, name) ? words[name]?.[2] : undefined;
  return badgeOf(tone ?? 'plain', word(say, words, name));
}

export const DOUBTS = {
  'moved-by-another': ['bên khác đã đổi trạng thái', 'status moved by another party', 'warn'],
  'alias-by-another': ['mã khác do bên khác khai', 'alias given by another party', 'warn'],
  'far-ahead': ['thời điểm quá xa', 'time far in the future', 'bad'],
} as const satisfies WordTable;
