type Pair = readonly [vietnamese: string, english: string];

/** Whose turn it is when something did not get through, and what to do: what officers ask first. */
export const TURNS = {
  network: {
    whose: ['đường truyền hoặc máy chủ bên kia', 'the network, or the partner’s server'],
    todo: [
      'Trục tự thử lại. Nếu kéo dài, kiểm tra đường truyền rồi báo bên kia.',
      'The hub tries again by itself. If it lasts, check the network, then tell the partner.',
    ],
  },
  partner: {
    whose: ['hệ thống bên kia', 'the partner’s system'],
    todo: [
      'Trục tự thử lại, tra cứu trước khi gửi. Nếu kéo dài, báo bên kia kèm thời điểm và số lượt.',
      'The hub tries again by itself, and looks it up first. If it lasts, tell the partner, with the time and the number.',
    ],
  },
  access: {
    whose: ['tài khoản, khoá hoặc chứng thư số giữa hai bên', 'the account, key or certificate between both sides'],
    todo: [
      'Đối chiếu với bên kia, sửa trong cấu hình rồi khởi động lại; các lượt chờ tự đi tiếp.',
      'Settle it with the partner, mend the settings and start again; what waits goes on by itself.',
    ],
  },
  settings: {
    whose: ['cấu hình của trục', 'the hub’s settings'],
    todo: ['Sửa cấu hình hoặc tuyến rồi chuyển lại.', 'Mend the settings or the routes, then replay.'],
  },
  content: {
    whose: ['nội dung hồ sơ', 'what the dossier says'],
    todo: [
      'Báo bên gửi sửa hồ sơ: bản mới tự chuyển. Nếu bên kia từ chối nhầm, chuyển lại.',
      'Have the sender mend the dossier: the new version goes by itself. If it was refused by mistake, replay.',
    ],
  },
  codes: {
    whose: ['bảng mã hoặc danh mục', 'a code table or the catalogue'],
    todo: ['Gán mã ở trang Chờ xử lý; các lượt chờ tự đi tiếp.', 'Map the code under Quarantine; what waits goes on.'],
  },
  byHand: {
    whose: ['giao diện của bên kia không nhận việc này', 'the partner’s interface does not take this'],
    todo: [
      'Làm trực tiếp trong hệ thống của bên kia, như chi tiết nêu.',
      'Do it in the partner’s own system, as the detail says.',
    ],
  },
  order: {
    whose: ['lượt trước của cùng hồ sơ', 'an earlier delivery of the same dossier'],
    todo: ['Xem lượt trước; lượt này tự đi tiếp sau nó.', 'See the earlier one; this one follows by itself.'],
  },
  hub: {
    whose: ['trục hoặc bộ chuyển đổi', 'the hub or its adapter'],
    todo: [
      'Báo đội phát triển kèm số lượt và chi tiết; sửa xong thì chuyển lại.',
      'Tell the developers, with the number and the detail; replay when it is mended.',
    ],
  },
  nobody: {
    whose: ['không có lỗi', 'nobody’s'],
    todo: ['Không cần làm gì.', 'Nothing is to be done.'],
  },
} as const satisfies Readonly<Record<string, { readonly whose: Pair; readonly todo: Pair }>>;

type Turn = keyof typeof TURNS;

/** What the reasons mean that deliveries, attempts and pulls have; those of an adapter that nobody here knows are shown as they are. */
const REASONS: Readonly<Record<string, readonly [vietnamese: string, english: string, turn: Turn]>> = {
  timeout: ['hết giờ chờ trả lời', 'no answer in time', 'network'],
  broken: ['đứt kết nối hoặc trả lời hỏng', 'the connection or the answer broke', 'network'],
  unreachable: ['không kết nối được', 'no connection', 'network'],
  econnrefused: ['máy chủ từ chối kết nối', 'the connection is refused', 'network'],
  enotfound: ['không phân giải được tên máy', 'the host’s name is not known', 'network'],
  eai_again: ['dịch vụ tên miền không trả lời', 'the name service does not answer', 'network'],
  ehostunreach: ['không có đường tới máy chủ', 'no way to the host', 'network'],
  enetunreach: ['không có đường tới mạng', 'no way to the network', 'network'],
  ehostdown: ['máy chủ đang tắt', 'the host is down', 'network'],
  etimedout: ['hết giờ khi kết nối', 'the connection timed out', 'network'],
  'link-local': ['địa chỉ không được phép gọi', 'an address that is never called', 'settings'],
  busy: ['bên kia đang bận', 'the partner is busy', 'partner'],
  'reply-too-large': ['trả lời quá lớn', 'the reply is too large', 'partner'],
  'not-a-reply': ['không phải câu trả lời đúng dạng', 'not an answer of its own form', 'partner'],
  'no-answer': ['không có câu trả lời dùng được', 'no answer that is one', 'partner'],
  'no-receipt': ['không trả biên nhận', 'no receipt', 'partner'],
  'no-results': ['không trả kết quả đã hỏi', 'no results', 'partner'],
  'no-code': ['trả lời không có mã kết quả', 'the answer has no code', 'partner'],
  'no-page': ['không có trang dữ liệu', 'there is no page', 'partner'],
  'no-list': ['không có danh sách', 'there is no list', 'partner'],
  'no-record': ['không có bản ghi đã hỏi', 'the record is not there', 'partner'],
  'no-records': ['không có bản ghi', 'there are no records', 'partner'],
  'empty-list': ['danh sách rỗng', 'the list is empty', 'partner'],
  empty: ['trả lời rỗng', 'an empty answer', 'partner'],
  html: ['trả lời là trang HTML', 'an HTML page', 'partner'],
  charset: ['sai bảng mã ký tự', 'a wrong character set', 'partner'],
  doctype: ['XML có DOCTYPE', 'XML with a DOCTYPE', 'partner'],
  'not-xml': ['không phải XML', 'not XML', 'partner'],
  'too-deep': ['XML lồng quá sâu', 'XML nested too deep', 'partner'],
  'too-large': ['bản ghi quá lớn', 'a record that is too large', 'partner'],
  fault: ['bên kia báo lỗi, không rõ của ai', 'a fault, nobody says whose', 'partner'],
  'fault-server': ['bên kia báo lỗi phía họ', 'a fault of theirs', 'partner'],
  error: ['bên kia báo lỗi không rõ', 'an error that says nothing', 'partner'],
  'look-up': ['không tra cứu được', 'the look-up failed', 'partner'],
  'lookup-refused': ['bị từ chối khi tra cứu', 'the look-up was refused', 'partner'],
  'dossier-unknown': ['bên kia chưa có hồ sơ', 'the partner does not have the dossier', 'partner'],
  gone: ['bên kia không muốn nhận nữa', 'wants to be told no more', 'access'],
  credentials: ['thông tin đăng nhập bị từ chối', 'credentials refused', 'access'],
  'login-failed': ['không đăng nhập được', 'the login failed', 'access'],
  'login-refused': ['đăng nhập bị từ chối', 'the login was refused', 'access'],
  'session-refused': ['phiên bị từ chối', 'the session was refused', 'access'],
  certificate: ['chứng thư số không được chấp nhận', 'a certificate is not accepted', 'access'],
  unit: ['bên kia không biết đơn vị gửi', 'the partner does not know the unit', 'access'],
  configuration: ['cấu hình dịch vụ chưa đúng', 'the settings of the service are wrong', 'settings'],
  wsdl: ['không dùng được WSDL', 'the WSDL is not usable', 'settings'],
  'no-address': ['chưa có địa chỉ trong cấu hình', 'no address in the settings', 'settings'],
  'no-operation': ['bên này không nhận loại nội dung đó', 'the party does not take such', 'settings'],
  validation: ['nội dung bị từ chối', 'the content was refused', 'content'],
  'not-there': ['bên kia không có hồ sơ này', 'the partner has no such dossier', 'content'],
  rejected: ['bên kia từ chối', 'the partner refuses it', 'content'],
  'refused-by-portal': ['cổng từ chối', 'the portal refuses it', 'content'],
  'fault-client': ['bên kia báo lỗi phía ta', 'a fault of ours', 'content'],
  supplement: ['bổ sung phải nhập ở hệ thống bên kia', 'a supplement is to be entered over there', 'byHand'],
  'given-up': ['việc rút phải làm ở hệ thống bên kia', 'it is to be ended over there', 'byHand'],
  unmapped: ['mã chưa có trong bảng mã', 'a code that no table maps', 'codes'],
  'answer-unknown': ['không rõ bên kia trả lời gì', 'an answer that no list knows', 'codes'],
  waits: ['chờ lượt trước của hồ sơ', 'behind an earlier one', 'order'],
  'adapter-bug': ['lỗi trong bộ chuyển đổi', 'a bug of the adapter', 'hub'],
  'not-kept': ['không giữ được trang đã lấy', 'the page could not be kept', 'hub'],
  unknown: ['chưa rõ', 'not known', 'hub'],
  'nothing-to-say': ['nội dung không còn giữ', 'what was to be told is gone', 'nobody'],
  'nothing-told': ['không có gì cần báo', 'nothing was to be told', 'nobody'],
  dismissed: ['đã bỏ theo quyết định', 'given up by a person', 'nobody'],
};

/** A reason in words, and whose turn it is; undefined for one that only its adapter knows. */
export function meaningOf(reason: string): readonly [vietnamese: string, english: string, turn: Turn] | undefined {
  if (Object.hasOwn(REASONS, reason)) return REASONS[reason];
  const status = /^status-(\d{3})$/.exec(reason)?.[1];
  if (status === undefined) return undefined;
  const turn = status === '401' || status === '403' ? 'access' : 'partner';
  return [`mã HTTP ${status}`, `HTTP status ${status}`, turn];
}

/** What to do about an incident, as long as it is open. */
export const INCIDENTS_TODO: Readonly<Record<string, Pair>> = {
  'partner-away': TURNS.network.todo,
  credentials: TURNS.access.todo,
  certificate: TURNS.access.todo,
  'certificate-expiry': [
    'Xin chứng thư số mới và thay tệp trong cấu hình; dùng ngay từ kết nối sau.',
    'Get a new certificate and replace its file; it is used from the next connection on.',
  ],
  'audit-broken': [
    'Chạy lienthong doctor để biết mục nào; giữ nguyên cơ sở dữ liệu và điều tra.',
    'lienthong doctor names the entries; leave the database as it is, and find out who changed it.',
  ],
  'put-back': [
    'Báo các bên gửi lại những gì đã xác nhận sau thời điểm nêu ở đây.',
    'Have the senders send again what was acknowledged after the moment that is named.',
  ],
  'paused-by-partner': [
    'Thoả thuận với bên kia, rồi bấm Chạy tiếp ở trang của bên đó.',
    'Settle it with the partner, then press Resume on its page.',
  ],
  'schema-drift': [
    'Hỏi bên kia thay đổi gì; xem bộ chuyển đổi còn đọc đúng không.',
    'Ask the partner what has changed; see whether the adapter still reads it right.',
  ],
  'pull-failed': [
    'Xem lỗi; trục hỏi lại theo lịch, hoặc bấm Lấy ngay ở trang của bên đó.',
    'See the error; the hub asks again by schedule, or press Pull now on its page.',
  ],
  'pull-invalid': [
    'Xem thông điệp không hợp lệ của bên đó: bên kia đã đổi dữ liệu, hoặc cấu hình đọc sai; sửa cấu hình rồi khởi động lại.',
    'See the party’s invalid messages: it has changed what it sends, or the settings read it wrong; mend them and start again.',
  ],
  'pull-incomplete': [
    'Xem bên kia chia trang thế nào, sửa request và page trong cấu hình, rồi đổi startAt để lấy lại từ thời điểm bắt đầu thiếu.',
    'See how the party divides its lists, mend request and page in the settings, and change startAt to have it anew from when it began.',
  ],
  disagreement: [
    'Chạy lienthong reconcile với bên đó để biết hồ sơ nào, rồi chọn bên đúng.',
    'lienthong reconcile with that party names the dossiers; then decide whose word holds.',
  ],
};
