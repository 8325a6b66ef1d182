import { msToInstant } from '#core/dates/dates';
import { dayInCode } from '../day/calendar.ts';
import type { Secrets } from '../stage/hub-file.ts';

/** A request that the hub accepts, for a reader to copy. */
export interface Sample {
  readonly id: string;
  readonly vi: string;
  readonly en: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SampleDeps {
  readonly secrets: Secrets;
  /** A session of the national dialect. */
  readonly session: string;
  /** Makes the codes new. */
  readonly number: number;
  /** The code of the dossier that steps, ratings and others are about; by default the one that the first sample makes. */
  readonly about: string | undefined;
  readonly nowMs: number;
}

const PERSON = { name: 'Nguyễn Văn An', phone: '0900000001', email: 'an@example.test', address: 'Phường Minh Xuân' };
const MINUTE_MS = 60_000;
/** One of the catalogue of the simulated national portal. */
const SERVICE = { serviceCode: '1.004616', agencyCode: 'H60.01' };

/** A request for each door and each kind of record, for the party `one-stop`. The first one makes the dossier of the others. */
export function samplesOf(deps: SampleDeps): readonly Sample[] {
  const { secrets, session, number, nowMs } = deps;
  const at = (minutes: number): string => msToInstant(nowMs - minutes * MINUTE_MS);
  const day = dayInCode(at(0));
  const code = (part: number): string => `H60.01-${day}-${String(number * 10 + part).padStart(4, '0')}`;
  const dossier = (part: number) => ({ code: code(part), ...SERVICE, status: 'received', statusAt: at(60) });
  const about = deps.about ?? code(0);
  const secret = secrets['one-stop'];
  const applicant = { kind: 'citizen', identityNumber: '000000000012', ...PERSON };
  const step = { code: about, actor: 'Trần Thị Bình' };
  const processing = { ...step, at: at(30), status: 'processing', content: 'Thẩm định hồ sơ' };
  const returned = { ...step, at: at(15), status: 'returned', content: 'Trả kết quả cho công dân' };
  return [
    rest(secret, 'dossiers', ['Hồ sơ', 'a dossier'], { ...dossier(0), receivedAt: at(60), applicant }),
    rest(secret, 'progress', ['Tiến độ xử lý', 'a step'], processing),
    rest(secret, 'progress-result', ['Trả kết quả', 'the last step'], returned),
    rest(secret, 'dossiers-list', ['Danh sách hồ sơ', 'a list of dossiers'], [dossier(1), dossier(2)]),
    {
      ...rest(secret, 'dossiers-stream', ['Hồ sơ theo dòng (NDJSON)', 'dossiers as lines (NDJSON)'], {}),
      headers: { 'Content-Type': 'application/x-ndjson', Authorization: `Bearer ${secret}` },
      body: `${JSON.stringify(dossier(3))}\n${JSON.stringify(dossier(4))}\n`,
    },
    ...otherKinds(secret, about, number, at),
    dialect(session, code(5), at),
    soap(secret, dossier(6)),
  ];
}

type At = (minutesAgo: number) => string;

/** @param what the last part of the address, and after a hyphen a word that makes the id unique */
function rest(secret: string, what: string, [vi, en]: readonly [string, string], body: object): Sample {
  return {
    id: what,
    vi,
    en,
    path: `/api/v1/parties/one-stop/${what.replace(/-(?:list|stream|result)$/, '')}`,
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
    body: JSON.stringify(body, undefined, 2),
  };
}

function otherKinds(secret: string, dossierCode: string, number: number, at: At): readonly Sample[] {
  const received = { state: 'received', stateAt: at(20) };
  const question = { askedAt: at(20), content: 'Bao giờ có kết quả đăng ký khai sinh?', asker: PERSON };
  const petition = { sentAt: at(20), content: 'Bộ phận một cửa nên có thêm ghế.', sender: PERSON };
  const order = { state: 'registered', stateAt: at(20), dossierCode, direction: 'return', receiver: PERSON };
  const fee = { amountVnd: 50_000, items: [{ code: 'LP01', name: 'Lệ phí', amountVnd: 50_000 }] };
  const payment = { state: 'requested', stateAt: at(20), dossierCode, ...fee, payer: { name: PERSON.name } };
  return [
    rest(secret, 'questions', ['Câu hỏi', 'a question'], { code: `HD-${number}`, ...received, ...question }),
    rest(secret, 'petitions', ['Phản ánh, kiến nghị', 'a petition'], {
      code: `PA-${number}`,
      ...received,
      ...petition,
    }),
    rest(secret, 'ratings', ['Đánh giá', 'a rating'], { dossierCode, ratedAt: at(10), level: 'satisfied' }),
    rest(secret, 'postal-orders', ['Bưu gửi', 'a postal order'], { code: `BC-${number}`, ...order }),
    rest(secret, 'payments', ['Thanh toán', 'a payment'], { code: `TT-${number}`, ...payment }),
  ];
}

function dialect(session: string, code: string, at: At): Sample {
  const digits = (minutes: number): string => at(minutes).slice(0, 19).replaceAll(/\D/g, '');
  const data = {
    MaHoSo: code,
    MaTTHC: SERVICE.serviceCode,
    TenTTHC: 'Thủ tục thử nghiệm',
    KenhThucHien: '2',
    ChuHoSo: PERSON.name,
    LoaiDoiTuong: '1',
    SoGiayToChuHoSo: '000000000012',
    TrangThaiHoSo: '2',
    NgayNopHoSo: digits(70),
    NgayTiepNhan: digits(60),
    HinhThuc: '0',
    DonViXuLy: 'Phòng Tư pháp',
    NoiNopHoSo: '2',
  };
  const call = { session, madonvi: SERVICE.agencyCode, service: 'DongBoHoSoMC', isUpdating: 'False', data: [data] };
  return {
    id: 'dialect',
    vi: 'Hồ sơ theo giao thức của Cổng DVCQG',
    en: 'a dossier in the national dialect',
    path: '/mapi/g',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(call, undefined, 2),
  };
}

function soap(secret: string, dossier: Readonly<Record<string, string>>): Sample {
  const members = Object.entries(dossier).map(([name, value]) => `        <${name}>${value}</${name}>`);
  return {
    id: 'soap',
    vi: 'Hồ sơ bằng SOAP',
    en: 'a dossier by SOAP',
    path: '/soap/v1/one-stop',
    headers: {
      'Content-Type': 'text/xml; charset=utf-8',
      Authorization: `Basic ${Buffer.from(`one-stop:${secret}`).toString('base64')}`,
    },
    body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
  <s:Body>
    <PushDossiers xmlns="urn:lienthong:hub:v1">
      <dossier>
${members.join('\n')}
      </dossier>
    </PushDossiers>
  </s:Body>
</s:Envelope>`,
  };
}

/** The request as a command line. */
export function curlOf({ path, headers, body }: Sample, url: string): string {
  const heads = Object.entries(headers).map(([name, value]) => `  -H '${name}: ${value}' \\\n`);
  return `curl ${url}${path} \\\n${heads.join('')}  --data-binary '${body.replaceAll("'", "'\\''")}'`;
}
