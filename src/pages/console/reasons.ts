import type { Bilingual } from '#messages/message';

/** The responsible party and the next step for each kind of failure. Officers ask for these first. */
export const TURNS = {
  network: {
    whose: ['đường truyền hoặc máy chủ của bên kết nối', 'the network, or the partner’s server'],
    todo: [
      'Trục tự thử lại. Nếu kéo dài, kiểm tra đường truyền rồi báo bên kết nối.',
      'The hub retries automatically. If the problem lasts, check the network, then inform the partner.',
    ],
  },
  partner: {
    whose: ['hệ thống của bên kết nối', 'the partner’s system'],
    todo: [
      'Trục tự thử lại, tra cứu trước khi gửi. Nếu kéo dài, báo bên kết nối kèm thời điểm và số lượt.',
      'The hub looks it up and retries automatically. If the problem lasts, inform the partner, with the time and the delivery number.',
    ],
  },
  access: {
    whose: ['tài khoản, mật khẩu hoặc chứng thư số giữa hai bên', 'the account, key or certificate between both sides'],
    todo: [
      'Đối chiếu với bên kết nối, sửa trong cấu hình rồi khởi động lại; các lượt chờ được tự động chuyển tiếp.',
      'Agree with the partner, correct the settings and restart the hub. Waiting deliveries then continue.',
    ],
  },
  settings: {
    whose: ['cấu hình của trục', 'the hub’s settings'],
    todo: ['Sửa cấu hình hoặc tuyến rồi chuyển lại.', 'Correct the settings or the routes, then replay.'],
  },
  content: {
    whose: [
      'nội dung hồ sơ, hoặc cấu hình của bên nhận',
      'the content of the dossier, or the settings of the receiving party',
    ],
    todo: [
      'Đối chiếu yêu cầu đã gửi với hồ sơ. Nếu hồ sơ sai, đề nghị bên gửi sửa; bản mới được tự động chuyển. Nếu cấu hình điền sai, sửa cấu hình, khởi động lại rồi chuyển lại. Nếu bên kết nối từ chối nhầm, hãy chuyển lại.',
      'Compare the request with the dossier. If the dossier is wrong, ask its sender to correct it; the hub sends the new version. If the settings filled the request wrongly, correct them, restart the hub and replay. If the partner refused it by mistake, replay.',
    ],
  },
  codes: {
    whose: ['bảng mã hoặc danh mục', 'a code table or the catalogue'],
    todo: [
      'Gán mã ở trang Chờ xử lý; các lượt chờ được tự động chuyển tiếp.',
      'Map the code under Quarantine; waiting deliveries continue.',
    ],
  },
  byHand: {
    whose: ['giao diện của bên kết nối không hỗ trợ việc này', 'the partner’s interface does not support this'],
    todo: [
      'Thực hiện trực tiếp trên hệ thống của bên kết nối, theo phần chi tiết.',
      'Do it in the partner’s own system, as the detail describes.',
    ],
  },
  order: {
    whose: ['lượt trước của cùng hồ sơ', 'an earlier delivery of the same dossier'],
    todo: [
      'Xem lượt trước; lượt này được tự động chuyển tiếp sau đó.',
      'See the earlier delivery; this one follows automatically.',
    ],
  },
  hub: {
    whose: ['trục hoặc bộ chuyển đổi', 'the hub or its adapter'],
    todo: [
      'Gửi đơn vị cung cấp phần mềm số lượt chuyển, phần chi tiết và tệp do lienthong support-bundle tạo; khắc phục xong thì chuyển lại.',
      'Send the supplier the delivery number, the detail and the file of lienthong support-bundle. Replay after the fix.',
    ],
  },
  nobody: {
    whose: ['không có lỗi', 'none'],
    todo: ['Không cần làm gì.', 'Nothing to do.'],
  },
} as const satisfies Readonly<Record<string, { readonly whose: Bilingual; readonly todo: Bilingual }>>;

type Turn = keyof typeof TURNS;

/**
 * The reasons of deliveries, attempts and pulls. A reason that only its adapter knows is shown
 * unchanged.
 */
export const REASONS: Readonly<Record<string, readonly [vietnamese: string, english: string, turn: Turn]>> = {
  timeout: ['hết giờ chờ trả lời', 'no answer in time', 'network'],
  broken: ['kết nối bị ngắt hoặc trả lời bị lỗi', 'the connection broke off, or the answer is damaged', 'network'],
  unreachable: ['không kết nối được', 'no connection', 'network'],
  econnrefused: ['máy chủ từ chối kết nối', 'the server refuses the connection', 'network'],
  enotfound: ['không phân giải được tên máy', 'unknown host name', 'network'],
  eai_again: ['dịch vụ tên miền không trả lời', 'the name server does not answer', 'network'],
  ehostunreach: ['không có đường tới máy chủ', 'no route to the host', 'network'],
  enetunreach: ['không có đường tới mạng', 'no route to the network', 'network'],
  ehostdown: ['máy chủ đang tắt', 'the host is down', 'network'],
  etimedout: ['hết giờ khi kết nối', 'the connection timed out', 'network'],
  'link-local': ['địa chỉ không được phép gọi', 'an address that the hub must not call', 'settings'],
  busy: ['bên kết nối đang bận', 'the partner is busy', 'partner'],
  'reply-too-large': ['trả lời quá lớn', 'the reply is too large', 'partner'],
  'no-verdict': [
    'bên kết nối không cho biết đã thực hiện hay chưa',
    'the partner did not say whether it did it',
    'partner',
  ],
  'not-a-reply': ['không phải câu trả lời đúng dạng', 'the answer has the wrong form', 'partner'],
  'no-answer': ['không có câu trả lời dùng được', 'no usable answer', 'partner'],
  'no-receipt': ['không trả biên nhận', 'no receipt', 'partner'],
  'no-results': ['không trả kết quả đã hỏi', 'no results', 'partner'],
  'no-code': ['trả lời không có mã kết quả', 'the answer has no code', 'partner'],
  'no-page': ['không có trang dữ liệu', 'there is no page', 'partner'],
  'no-list': ['không có danh sách', 'there is no list', 'partner'],
  'no-record': ['không có bản ghi đã hỏi', 'the requested record is missing', 'partner'],
  'no-records': ['không có bản ghi', 'there are no records', 'partner'],
  'empty-list': ['danh sách rỗng', 'the list is empty', 'partner'],
  empty: ['trả lời rỗng', 'an empty answer', 'partner'],
  html: ['trả lời là trang HTML', 'an HTML page', 'partner'],
  charset: ['sai bảng mã ký tự', 'a wrong character set', 'partner'],
  doctype: ['XML có DOCTYPE', 'XML with a DOCTYPE', 'partner'],
  'not-xml': ['không phải XML', 'not XML', 'partner'],
  'too-deep': ['XML lồng quá sâu', 'XML nested too deep', 'partner'],
  'too-large': ['bản ghi quá lớn', 'a record that is too large', 'partner'],
  fault: ['bên kết nối báo lỗi, không rõ do bên nào', 'a fault of unknown origin', 'partner'],
  'fault-server': ['bên kết nối báo lỗi do hệ thống của bên đó', 'a fault of the partner', 'partner'],
  error: ['bên kết nối báo lỗi không rõ', 'an error without details', 'partner'],
  'look-up': ['không tra cứu được', 'the look-up failed', 'partner'],
  'lookup-refused': ['bị từ chối khi tra cứu', 'the look-up was refused', 'partner'],
  'dossier-unknown': ['bên kết nối chưa có hồ sơ', 'the partner does not have the dossier', 'partner'],
  gone: ['bên nhận ngừng nhận thông báo', 'the subscriber wants no more events', 'access'],
  credentials: ['thông tin đăng nhập bị từ chối', 'credentials refused', 'access'],
  'login-failed': ['không đăng nhập được', 'the login failed', 'access'],
  'login-refused': ['đăng nhập bị từ chối', 'the login was refused', 'access'],
  'session-refused': ['phiên bị từ chối', 'the session was refused', 'access'],
  certificate: ['chứng thư số không được chấp nhận', 'a certificate is not accepted', 'access'],
  unit: ['bên kết nối không biết đơn vị gửi', 'the partner does not know the unit', 'access'],
  configuration: ['cấu hình dịch vụ chưa đúng', 'the settings of the service are wrong', 'settings'],
  wsdl: ['không dùng được WSDL', 'the WSDL is not usable', 'settings'],
  unreadable: ['không mở được nội dung đã lưu', 'the stored content cannot be opened', 'settings'],
  'no-address': ['chưa có địa chỉ trong cấu hình', 'no address in the settings', 'settings'],
  'no-operation': ['bên này không nhận loại nội dung đó', 'the party does not accept this kind of content', 'settings'],
  validation: ['nội dung bị từ chối', 'the content was refused', 'content'],
  'not-there': ['bên kết nối không có hồ sơ này', 'the partner has no such dossier', 'content'],
  rejected: ['bên kết nối từ chối', 'the partner refused it', 'content'],
  'refused-by-portal': ['cổng từ chối', 'the portal refused it', 'content'],
  'fault-client': [
    'bên kết nối báo lỗi do dữ liệu trục gửi',
    'the partner reports an error in the sent data',
    'content',
  ],
  supplement: [
    'bổ sung phải nhập ở hệ thống của bên kết nối',
    'enter the supplement in the partner’s system',
    'byHand',
  ],
  'given-up': ['việc rút phải làm ở hệ thống của bên kết nối', 'end it in the partner’s system', 'byHand'],
  unmapped: ['mã chưa có trong bảng mã', 'unmapped code', 'codes'],
  'answer-unknown': ['không rõ nghĩa trả lời của bên kết nối', 'unknown answer', 'codes'],
  waits: ['chờ lượt trước của hồ sơ', 'waits for an earlier delivery', 'order'],
  'adapter-bug': ['lỗi trong bộ chuyển đổi', 'a bug in the adapter', 'hub'],
  'rate-limit': ['trục chưa đọc được giới hạn số lượt gọi', 'the hub cannot read its rate limit', 'hub'],
  'not-kept': ['không lưu được trang đã lấy', 'the page could not be stored', 'hub'],
  unknown: ['chưa rõ', 'not known', 'hub'],
  'nothing-to-say': ['nội dung không còn lưu', 'the content is no longer stored', 'nobody'],
  held: ['bản ghi đang tạm giữ, chờ quyết định', 'the record is held for a decision', 'order'],
  'nothing-told': ['không có gì cần báo', 'nothing to send', 'nobody'],
  dismissed: ['đã bỏ theo quyết định', 'dismissed by an operator', 'nobody'],
  erased: ['đã xóa dữ liệu cá nhân', 'personal data erased', 'nobody'],
  paused: ['bên nhận đang tạm dừng', 'the receiver is paused', 'nobody'],
  maintenance: ['bên nhận đang bảo trì', 'the receiver is in maintenance', 'nobody'],
  'no-look-up': ['hệ thống của bên nhận không cho tra cứu', 'the system of the receiver offers no look-up', 'byHand'],
  'not-in-time': [
    'hết thời gian chờ, hãy thử lại với ít mã hơn',
    'the time was over; try again with fewer codes',
    'partner',
  ],
};

/** A reason in words with the responsible side. Undefined for a reason that only its adapter knows. */
export function meaningOf(reason: string): readonly [vietnamese: string, english: string, turn: Turn] | undefined {
  if (Object.hasOwn(REASONS, reason)) return REASONS[reason];
  const status = /^status-(\d{3})$/.exec(reason)?.[1];
  if (status === undefined) return undefined;
  const turn = status === '401' || status === '403' ? 'access' : 'partner';
  return [`mã HTTP ${status}`, `HTTP status ${status}`, turn];
}

/** The next step for an open incident. */
export const INCIDENTS_TODO: Readonly<Record<string, Bilingual>> = {
  'partner-away': TURNS.network.todo,
  credentials: TURNS.access.todo,
  certificate: TURNS.access.todo,
  'certificate-expiry': [
    'Xin chứng thư số mới và thay tệp trong cấu hình; có hiệu lực từ kết nối tiếp theo.',
    'Get a new certificate and replace the file. The hub uses it from the next connection on.',
  ],
  'audit-broken': [
    'Chạy lienthong doctor để biết mục bị thay đổi. Giữ nguyên cơ sở dữ liệu, xác định người có quyền ghi, đối chiếu với các dòng audit signed lưu ở nơi khác.',
    'Run lienthong doctor to see the changed entries. Leave the database unchanged, and find out who has write access to it. Compare with the log lines “audit signed” that you save elsewhere.',
  ],
  'put-back': [
    'Đề nghị các bên gửi lại dữ liệu đã được xác nhận sau thời điểm nêu ở mục Nguyên nhân có thể; gửi lặp không làm sai lệch dữ liệu.',
    'Ask the senders to repeat everything that the hub acknowledged after the time in Probable cause. Repeats are harmless.',
  ],
  'replica-away': [
    'Chạy lienthong doctor, kiểm tra bản sao chỉ đọc; trong thời gian này máy chủ chính trả lời.',
    'Run lienthong doctor and repair the replica. Until then the primary answers its reads.',
  ],
  'paused-by-partner': [
    'Thỏa thuận với bên kết nối, rồi bấm Chạy tiếp ở trang của bên đó.',
    'Agree with the partner, then press Resume on its page.',
  ],
  'file-fetch': [
    'Xem lỗi; kiểm tra files.from của bên đó và máy chủ tệp, rồi đề nghị bên đó gửi lại hồ sơ.',
    'See the error. Check files.from of the party and the host of the files. Then ask the party to push the dossier again.',
  ],
  'schema-drift': [
    'Hỏi bên kết nối đã thay đổi gì; kiểm tra bộ chuyển đổi còn đọc đúng không.',
    'Ask the partner what changed. Check that the adapter still reads it correctly.',
  ],
  'pull-failed': [
    'Xem lỗi, sửa cấu hình và khởi động lại nếu cần, rồi bấm Lấy ngay ở trang của bên đó; trục cũng lấy lại theo lịch.',
    'See the error. Correct the settings and restart the hub if needed, then press Pull now on the party’s page. The hub also retries on schedule.',
  ],
  'pull-invalid': [
    'Xem thông điệp không hợp lệ của bên đó: bên kết nối đã đổi dữ liệu, hoặc cấu hình đọc sai; sửa cấu hình rồi khởi động lại.',
    'See the party’s invalid messages. Either its data changed, or the settings read them wrongly. Correct the settings and restart the hub.',
  ],
  'pull-incomplete': [
    'Danh mục thiếu nhiều mục: hỏi bên kết nối, nếu danh sách đúng thì bấm Lấy ngay. Trường hợp khác: kiểm tra cách phân trang, sửa request và page trong cấu hình, rồi đổi startAt để lấy lại từ thời điểm bắt đầu thiếu.',
    'If a catalogue lacks many entries, ask the party, and press Pull now if its list is right. Otherwise check how the party pages its lists. Correct request and page in the settings. Change startAt to pull again from the first missing time.',
  ],
  contradiction: [
    'Mở mục chờ xử lý loại “báo cáo trái với bản ghi”, đối chiếu với bên đó, rồi chọn Cho qua (chấp nhận báo cáo) hoặc Bỏ.',
    'Open the quarantine entry of the contradicting report and compare it with the party’s books. Then release or dismiss it.',
  ],
  disagreement: [
    'Chạy lienthong reconcile với bên đó để xem hồ sơ sai lệch; xác định bên đúng rồi chạy lại với --repair ours (gửi lại bản của trục) hoặc --repair theirs (lấy theo bên kết nối).',
    'Run lienthong reconcile with that party to see the dossiers. Decide which side is right, then run it with --repair ours (the hub sends its version again) or --repair theirs (the hub takes over the partner’s).',
  ],
};
