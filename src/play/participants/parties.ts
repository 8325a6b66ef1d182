import { msToInstant } from '#core/dates/dates';
import waterPermits from '../../../adapters/file-drop/parties/water-permits.json' with { type: 'json' };
import { SIMULATOR_CLIENT as IGATE_CLIENT } from '../../../adapters/igate/simulator.ts';
import { SIMULATOR_TOKEN } from '../../../adapters/one-stop/simulator.ts';
import { SIMULATOR_CLIENT as BUS_CLIENT } from '../../../adapters/opencps-bus/simulator.ts';
import { SIMULATOR_SECRET as PLATFORM_SECRET } from '../../../adapters/payment-platform/simulator.ts';
import agriculture from '../../../adapters/rest-ministry/parties/agriculture.json' with { type: 'json' };
import health from '../../../adapters/rest-ministry/parties/health.json' with { type: 'json' };
import {
  agricultureAt,
  businessRegisterAt,
  criminalRecordAt,
  digitisedStoreAt,
  drivingLicenceAt,
  healthAt,
  landAt,
  landIlisAt,
  measurementAt,
  ministryPortalAt,
  socialInsuranceAt,
  socialProtectionAt,
} from '../../../adapters/rest-ministry/simulator/connect.ts';
import construction from '../../../adapters/soap-ministry/parties/construction.json' with { type: 'json' };
import population from '../../../adapters/soap-ministry/parties/population.json' with { type: 'json' };
import transport from '../../../adapters/soap-ministry/parties/transport.json' with { type: 'json' };
import { eReceiptAt, smsAt } from '../../../adapters/soap-ministry/simulator/connect.ts';
import { SIMULATOR_PATH, SIMULATOR_SECRET } from '../../../adapters/webhook-subscriber/simulator.ts';
import type { HubFile } from '../../config/config.ts';
import { ALL_KINDS } from '../../kinds/all-kinds.ts';
import { CIVIL_STATUS_SERVICES, REPORTED_SERVICES } from '../day/day.ts';
import { BUS, LAND, type MinistryName, type Participant, type ParticipantName, REGISTER } from './participants.ts';

type Party = NonNullable<HubFile['parties']>[string];
type Route = NonNullable<HubFile['routes']>[number];

/** The secret that signs the status pushes of the civil-status system. */
export const CALLBACK_SECRET = 'demo-callback-secret';
export const MINISTRY_PASSWORD = 'mat-khau-thu-nghiem';
export const MINISTRY_TOKEN = 'khoa-thu-nghiem';

/** The account of the hub at iGate, where it gets tokens, and the ids of that host with a meaning of its own. */
export { IGATE_CLIENT };
export const IGATE_TOKEN_PATH = '/auth/realms/digo/protocol/openid-connect/token';
export const IGATE_STATUSES = { '4': 'resolved' } as const;

/** This ministry's dossiers go to the agriculture ministry too, which lists them. */
export const FORWARDED_FROM = 'construction' satisfies MinistryName;
export const FORWARDED_TO = 'agriculture' satisfies MinistryName;

const PATHS: Readonly<Record<MinistryName, string>> = {
  construction: '/DichVuHoSo.asmx',
  transport: '/HoSoWS',
  agriculture: '/api/v2',
  health: '/lgsp/DichVuHoSo/1.0',
};

/** The address of a ministry's service. */
export const addressOf = ({ name, url }: { readonly name: MinistryName; readonly url: string }): string =>
  `${url}${PATHS[name]}`;
export const wsdlOf = (ministry: Parameters<typeof addressOf>[0]): string => `${addressOf(ministry)}?wsdl`;

/** The participants as parties of the hub. The one-stop systems push to it even without a simulator. */
export function partiesOf(participants: readonly Participant[], nowMs: number): Readonly<Record<string, Party>> {
  return {
    'one-stop': { adapter: 'one-stop', settings: {} },
    'one-stop-legacy': { adapter: 'one-stop', title: 'Hệ thống một cửa cũ', settings: { collectsQuestions: true } },
    'one-stop-land': { adapter: 'one-stop', title: 'Một cửa lĩnh vực đất đai', settings: {} },
    ...Object.fromEntries(
      participants.flatMap(({ name, url }) => [
        [name, PARTIES[name](url, nowMs)],
        ...Object.entries(BESIDE[name]?.(url) ?? {}),
      ]),
    ),
  };
}

/** The office that sends its dossiers as files, and its party, which looks into a folder. */
export const FILE_OFFICE = 'water-permits';
export function officeIn(folder: string): Readonly<Record<typeof FILE_OFFICE, Party>> {
  const settings = { ...waterPermits, place: { kind: 'folder', path: folder }, stableS: 0 };
  const pull = { dossiers: '*/2 * * * * *' };
  return { [FILE_OFFICE]: { adapter: 'file-drop', title: 'Cấp phép tài nguyên nước (tệp)', settings, pull } };
}

/** The routes between those that take part. */
export function routesOf(participants: readonly Participant[]): readonly Route[] {
  const takesPart = (party: string): boolean =>
    party.startsWith('one-stop') || participants.some((one) => one.name === party || isBeside(one, party));
  return ROUTES.filter(({ from, to }) => [from, ...to].every(takesPart));
}

const MINISTRY_TIMEOUTS = { timeoutS: 3, connectTimeoutS: 2 };

/** The ministry takes the papers of a dossier as a form with files. */
export const PAPERS = 'agriculture-papers';

function papersAt(url: string): object {
  const { pull: _, ...settings } = agricultureAt(url);
  const request = {
    code: 'code',
    ten: { each: 'record.documents', from: 'name' },
    tep: { each: 'record.documents', from: 'file', as: 'file' },
  };
  const dossiers = {
    operation: 'POST papers',
    body: 'multipart',
    request,
    reference: 'receipt',
    statuses: ['received'],
  };
  return { ...settings, push: { dossiers } };
}

/** The systems that a participant's simulator plays beside its own. */
const BESIDE: Readonly<Partial<Record<ParticipantName, (url: string) => Readonly<Record<string, Party>>>>> = {
  [LAND](url) {
    const protection = socialProtectionAt(url);
    const codes = { ...protection.codes, procedure: { [LAND_SERVICE]: 'BTXH-1' } };
    return {
      'social-protection': systemBeside('rest-ministry', 'Bảo trợ xã hội', { ...protection, codes }),
      measurement: systemBeside('rest-ministry', 'Đo lường dịch vụ công (EMC)', measurementAt(url)),
      'social-insurance': systemBeside('rest-ministry', 'Bảo hiểm xã hội', socialInsuranceAt(url)),
      'criminal-record': systemBeside('rest-ministry', 'Lý lịch tư pháp', criminalRecordAt(url)),
      'ministry-portal': systemBeside('rest-ministry', 'Cổng dịch vụ công của Bộ', ministryPortalAt(url)),
      'business-register': systemBeside('rest-ministry', 'Đăng ký doanh nghiệp', businessRegisterAt(url)),
      'digitised-store': systemBeside('rest-ministry', 'Kho kết quả số hóa', digitisedStoreAt(url)),
      'driving-licence': {
        ...systemBeside('rest-ministry', 'Giấy phép lái xe', drivingLicenceAt(url)),
        pull: { dossiers: '*/2 * * * * *' },
      },
      [ILIS]: systemBeside('rest-ministry', 'Cơ sở dữ liệu đất đai (iLIS)', ilisAt(url)),
    };
  },
  [FORWARDED_TO]: (url) => ({
    [PAPERS]: systemBeside('rest-ministry', 'Giấy tờ gửi Bộ Nông nghiệp và Môi trường', papersAt(url)),
  }),
  [BUS]: () => ({
    [OPENCPS]: {
      adapter: 'opencps-bus',
      title: 'Một cửa OpenCPS',
      settings: { pushKey: OPENCPS_CLIENT.id, pushSecret: OPENCPS_CLIENT.secret },
    },
  }),
  [REGISTER]: (url) => ({
    'e-receipt': systemBeside('soap-ministry', 'Biên lai điện tử', eReceiptAt(url)),
    sms: systemBeside('soap-ministry', 'Tin nhắn SMS', smsAt(url)),
  }),
};

function systemBeside(adapter: string, title: string, settings: object): Party {
  return { adapter, title, settings: { ...settings, ...MINISTRY_TIMEOUTS } };
}

const isBeside = (participant: Participant, party: string): boolean =>
  Object.hasOwn(BESIDE[participant.name]?.(participant.url) ?? {}, party);

/** The procedure of the demo's catalogue that the land office handles. */
export const LAND_SERVICE = '1.012753.H60';
/** The key of the land database's callbacks. */
export const LAND_CALLBACK_KEY = landAt('').callbacks.key;

/** An office with OpenCPS, and the land database that gets its dossiers about land. */
export const OPENCPS = 'opencps';
export const OPENCPS_CLIENT = { id: 'opencps', secret: 'mat-ma-cua-opencps' } as const;
export const ILIS = 'land-ilis';
/** The procedure whose papers go on to a ministry. */
export const PAPERS_SERVICE = '1.004837';
export const ILIS_CALLBACK_KEY = landIlisAt('').callbacks.key;

function ilisAt(url: string): object {
  const settings = landIlisAt(url);
  return { ...settings, codes: { ...settings.codes, process: { [LAND_SERVICE]: 'QT-1.012753' } } };
}

const HOUR_MS = 3_600_000;
const MINISTRY_PULLS = { dossiers: '*/2 * * * * *', progress: '1-59/2 * * * * *' };

const PARTIES: Readonly<Record<ParticipantName, (url: string, nowMs: number) => Party>> = {
  'one-stop': (baseUrl) => ({ adapter: 'one-stop', settings: { baseUrl, token: SIMULATOR_TOKEN } }),
  sink: (baseUrl) => ({ adapter: 'one-stop', settings: { baseUrl, token: SIMULATOR_TOKEN } }),
  'national-portal': (adapterUrl) => ({
    adapter: 'national-portal',
    settings: {
      adapterUrl,
      username: 'h60',
      password: 'demo-password',
      dstcode: 'VN:GOV:000.00.00.G22:vpcpdvcprovider',
      madonvi: 'H60',
      timeoutS: 10,
      statusReports: { services: [...REPORTED_SERVICES] },
      ratings: RATINGS,
    },
    pull: { questions: '*/5 * * * * *' },
  }),
  'civil-status': (baseUrl) => ({
    adapter: 'civil-status',
    settings: {
      tokenUrl: `${baseUrl}/token`,
      baseUrl,
      consumerKey: 'h60',
      consumerSecret: 'demo-secret',
      lgspAccessToken: 'demo-token',
      callbackSecret: CALLBACK_SECRET,
      maTinh: '08',
      maDonVi: '02269',
      timeoutS: 10,
    },
    pull: { results: '*/2 * * * * *' },
  }),
  construction(url, nowMs) {
    const ministry = { name: 'construction', url } as const;
    const own = { wsdl: wsdlOf(ministry), endpoint: addressOf(ministry), password: MINISTRY_PASSWORD };
    const settings = { ...construction, ...own, pull: recent(construction.pull, nowMs), ...MINISTRY_TIMEOUTS };
    return { adapter: 'soap-ministry', title: 'Hệ thống của Bộ Xây dựng', settings, pull: MINISTRY_PULLS };
  },
  transport(url, nowMs) {
    const security = { ...transport.security, password: MINISTRY_PASSWORD };
    const own = { wsdl: wsdlOf({ name: 'transport', url }), security };
    const settings = { ...transport, ...own, pull: recent(transport.pull, nowMs), ...MINISTRY_TIMEOUTS };
    return { adapter: 'soap-ministry', title: 'Hệ thống vận tải', settings, pull: MINISTRY_PULLS };
  },
  population(url) {
    const security = { ...population.security, password: MINISTRY_PASSWORD };
    const { person } = population.ask;
    const request = { ...person.request, MaTichHop: { value: '00000000000000000060' } };
    const own = { wsdl: `${url}/dancu?wsdl`, security, ask: { person: { ...person, request } } };
    const settings = { ...population, ...own, endpoint: `${url}/dancu` };
    return { adapter: 'soap-ministry', title: 'CSDL quốc gia về dân cư', settings };
  },
  agriculture(url, nowMs) {
    const security = { ...agriculture.security, token: MINISTRY_TOKEN };
    const own = { baseUrl: addressOf({ name: 'agriculture', url }), security };
    const settings = { ...agriculture, ...own, pull: recent(agriculture.pull, nowMs), ...MINISTRY_TIMEOUTS };
    return {
      adapter: 'rest-ministry',
      title: 'Hệ thống của Bộ Nông nghiệp và Môi trường',
      settings,
      pull: MINISTRY_PULLS,
    };
  },
  health(url, nowMs) {
    const settings = healthAt(url);
    return {
      adapter: 'rest-ministry',
      title: 'Hệ thống của Bộ Y tế',
      settings: { ...settings, pull: recent(health.pull, nowMs), ...MINISTRY_TIMEOUTS },
      pull: MINISTRY_PULLS,
    };
  },
  land(url) {
    const settings = landAt(url);
    const codes = { ...settings.codes, process: { [LAND_SERVICE]: 'QT-1.012753' } };
    return {
      adapter: 'rest-ministry',
      title: 'Cơ sở dữ liệu đất đai (VBDLIS)',
      settings: { ...settings, codes, ...MINISTRY_TIMEOUTS },
    };
  },
  igate: (baseUrl, nowMs) => ({
    adapter: 'igate',
    title: 'Hệ thống một cửa VNPT iGate',
    settings: {
      baseUrl,
      tokenUrl: `${baseUrl}${IGATE_TOKEN_PATH}`,
      ...IGATE_CLIENT,
      startAt: msToInstant(nowMs - HOUR_MS),
      statuses: IGATE_STATUSES,
      ...MINISTRY_TIMEOUTS,
    },
    pull: { dossiers: '*/2 * * * * *' },
  }),
  vnpost: (url) => ({
    adapter: 'vnpost',
    settings: {
      orderUrl: `${url}/vnpost/order`,
      itemCodeUrl: `${url}/vnpost/order-item-code`,
      cancelUrl: `${url}/vnpost/cancel`,
      trackingUrl: `${url}/vnpost/tracking`,
      tokenUrl: `${url}/token`,
      customerKey: 'h60',
      secretKey: 'demo-secret',
      customerCode: 'KH-H60',
      office: { ...OFFICE, province: 30 },
      statuses: { 1: 'registered', 2: 'collecting', 3: 'handed-over' },
      timeoutS: 3,
    },
    pull: { tracking: '*/2 * * * * *' },
  }),
  'payment-platform': (url) => ({
    adapter: 'payment-platform',
    settings: {
      initUrl: `${url}/init`,
      queryUrl: `${url}/query`,
      billUrl: `${url}/bill`,
      partnerCode: 'H60',
      secretKey: PLATFORM_SECRET,
      ip: '127.0.0.1',
      account: { number: '3511000000001', name: OFFICE.name, bank: 'VTB' },
      repeatsInit: true,
      timeoutS: 3,
    },
    pull: { transactions: '*/5 * * * * *' },
  }),
  'opencps-bus': (baseUrl) => ({
    adapter: 'opencps-bus',
    title: 'Trục LGSP của OpenCPS',
    settings: { baseUrl, tokenUrl: `${baseUrl}/token`, ...BUS_CLIENT, timeoutS: 3 },
  }),
  'portal-webhooks': (url) => ({
    adapter: 'webhook-subscriber',
    title: 'Cổng dịch vụ công của tỉnh',
    settings: { url: `${url}${SIMULATOR_PATH}`, secrets: [SIMULATOR_SECRET], timeoutS: 10 },
  }),
};

/** The portal has not published the form of a rating. This one is the demo's own. */
const RATINGS = {
  fields: { dossierCode: 'MaHoSo', ratedAt: 'ThoiGianDanhGia', level: 'DanhGia', reason: 'NoiDungDanhGia' },
  levels: { 'very-satisfied': 'RẤT HÀI LÒNG', satisfied: 'HÀI LÒNG', dissatisfied: 'KHÔNG HÀI LÒNG' },
} as const;

const OFFICE = {
  name: 'Trung tâm Phục vụ hành chính công tỉnh',
  address: 'Số 609, đường Quang Trung, phường Minh Xuân',
  phone: '02073000001',
} as const;

/** The hub does not ask for the time before the demo's day. */
function recent(pull: Readonly<Record<string, { readonly period: object }>>, nowMs: number): object {
  const startAt = msToInstant(nowMs - HOUR_MS);
  const lists = Object.entries(pull).map(([name, list]) => [name, { ...list, period: { ...list.period, startAt } }]);
  return Object.fromEntries(lists);
}

/** The subscriber wants every change of civil registrations, from any reporter. */
const ROUTES: readonly Route[] = [
  ...both('one-stop', 'national-portal'),
  ...both('one-stop-legacy', 'national-portal'),
  { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['civil-status'], services: [...CIVIL_STATUS_SERVICES] },
  ...both('civil-status', 'national-portal'),
  { from: 'civil-status', operation: 'dossier.progress.v1', to: ['one-stop'] },
  ...both(FORWARDED_FROM, FORWARDED_TO),
  ...both('one-stop', 'portal-webhooks', CIVIL_STATUS_SERVICES),
  ...both('civil-status', 'portal-webhooks', CIVIL_STATUS_SERVICES),
  ...['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
    from: 'one-stop-land',
    operation,
    to: [LAND, 'social-protection', 'measurement', 'ministry-portal'],
  })),
  ...both(OPENCPS, BUS),
  { from: OPENCPS, operation: 'dossier.upsert.v1', to: [PAPERS], services: [PAPERS_SERVICE] },
  ...both(OPENCPS, ILIS, [LAND_SERVICE]),
  ...both(ILIS, BUS),
  { from: 'one-stop-land', operation: 'dossier.upsert.v1', to: ['criminal-record'] },
  { from: 'one-stop-land', operation: 'dossier.upsert.v1', to: ['sms'] },
  { from: LAND, operation: 'dossier.progress.v1', to: ['social-protection', 'measurement', 'ministry-portal'] },
  { from: 'national-portal', operation: 'question.upsert.v1', to: ['one-stop-legacy'] },
  { from: 'one-stop-legacy', operation: 'question.upsert.v1', to: ['national-portal'] },
  { from: 'one-stop', operation: 'rating.upsert.v1', to: ['national-portal'] },
  { from: 'one-stop', operation: 'postal-order.upsert.v1', to: ['vnpost'] },
  { from: 'vnpost', operation: 'postal-order.upsert.v1', to: ['one-stop'] },
  { from: 'one-stop', operation: 'payment.upsert.v1', to: ['payment-platform'] },
  { from: 'payment-platform', operation: 'payment.upsert.v1', to: ['one-stop'] },
  { from: 'payment-platform', operation: 'payment.upsert.v1', to: ['e-receipt'] },
  ...ALL_KINDS.map(({ operation }) => ({ from: 'one-stop', operation, to: ['portal-webhooks'] })),
];

/** The route of dossiers and the one of their steps. */
function both(from: string, to: string, services?: readonly string[]): readonly Route[] {
  return ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) =>
    services ? { from, operation, to: [to], services: [...services] } : { from, operation, to: [to] },
  );
}
