import { msToInstant } from '#core/dates/dates';
import type { Standing } from '../checks/evidence.ts';
import type { AskHub } from '../clients/hub-client.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { untilRight } from '../clients/until-right.ts';
import type { Step } from '../participants/ministry-desks.ts';
import type { Book, LAND, Participants, REGISTER } from '../participants/participants.ts';
import { LAND_CALLBACK_KEY, LAND_SERVICE } from '../participants/parties.ts';
import type { Secrets } from '../stage/hub-file.ts';
import { dayInCode } from './calendar.ts';

export interface WorkingAtLandOffice {
  readonly hub: AskHub;
  readonly participants: Participants<typeof LAND | typeof REGISTER>;
  readonly secrets: Pick<Secrets, 'one-stop-land' | 'clerk'>;
  readonly signal: AbortSignal;
}

export interface LandWork {
  /** The faults at the end of the work. */
  readonly wrong: readonly string[];
  readonly standings: readonly Standing[];
}

const COUNT = 3;
const PHONE = '0900000001';

/** The callbacks of one dossier in turn, with the status that each means. */
const STEPS = [
  {
    name: 'ChuyenHoSo',
    at: 'NgayChuyen',
    status: 'processing',
    more: { MaCanBoChuyen: 'vpdk.hoa', MaTrangThai: '17' },
  },
  {
    name: 'GuiKetQuaThue',
    at: 'NgayCoKetQuaThue',
    status: 'payment-required',
    more: { NguoiXuLy: 'Chi cục thuế', DanhSachThongBaoThue: [{ HoTenChu: 'Nguyễn Văn An', SoThongBaoThue: 'TB-01' }] },
  },
  {
    name: 'KetThucHoSo',
    at: 'NgayKetThuc',
    status: 'resolved',
    more: { MaCanBoXuLy: 'vpdk.nam', TrangThaiKetThuc: 0 },
  },
] as const;

/** The names of its callbacks. */
export const LAND_CALLBACKS = STEPS.map(({ name }) => name);

/**
 * The land office hands dossiers over to the land database. Its answers get lost at first, and it calls back for each step.
 * The systems of social protection and of measurement and the ministry's portal get each step once, the criminal-record system the
 * status, the applicant a text message. An officer asks three registers.
 */
export async function workAtLandOffice(working: WorkingAtLandOffice, limitMs: number): Promise<LandWork> {
  const until = performance.now() + limitMs;
  const beginMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  const codes = Array.from({ length: COUNT }, (_, at) => codeOf(beginMs, at));
  await working.participants.land.fault({ kind: 'drop-reply', times: 2, forMs: 2_000 });
  for (const code of codes) await handOver(working, code, beginMs);
  const lost = await waitFor(working, until, (book) => codes.flatMap((code) => missingAt(book, code, ['1'])));
  const refused = await Promise.all(codes.map((code) => callBack(working, code, beginMs)));
  const wrong = await waitFor(working, until, (book) => codes.flatMap((code) => missingAt(book, code, EVENTS)));
  const steps = STEPS.map(({ status }, at) => ({ status, at: msToInstant(beginMs + (at + 1) * 1_000) }));
  return {
    wrong: [
      ...lost,
      ...refused.flat(),
      ...wrong,
      ...(await textProblems(working, codes, until)),
      ...(await askRegisters(working)),
    ],
    standings: codes.map((code) => ({ ...(steps.at(-1) as Step), ministry: 'land', code, steps })),
  };
}

function codeOf(nowMs: number, number: number): string {
  return `H60.01-${dayInCode(msToInstant(nowMs))}-${950_001 + number}`;
}

async function handOver({ hub, secrets, signal }: WorkingAtLandOffice, code: string, atMs: number): Promise<void> {
  const at = msToInstant(atMs);
  const dossier = { code, serviceCode: LAND_SERVICE, agencyCode: 'H60.01', channel: 'counter', status: 'received' };
  const more = {
    statusAt: at,
    receivedAt: at,
    applicant: { name: 'Nguyễn Văn An', identityNumber: '001099000001', phone: PHONE },
  };
  const body = JSON.stringify({ ...dossier, ...more });
  const path = '/api/v1/parties/one-stop-land/dossiers';
  await untilAcknowledged(() => hub({ path, key: secrets['one-stop-land'], body }), signal);
}

/** Calls the hub back for each step, twice as after a lost answer, and once with a wrong key. */
async function callBack(
  { hub, signal }: WorkingAtLandOffice,
  code: string,
  beginMs: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [index, { name, at, more }] of STEPS.entries()) {
    const body = JSON.stringify({ SoBienNhan: code, [at]: msToInstant(beginMs + (index + 1) * 1_000), ...more });
    for (const [key, expected] of [
      [`${LAND_CALLBACK_KEY}-`, 401],
      [LAND_CALLBACK_KEY, 200],
      [LAND_CALLBACK_KEY, 200],
    ] as const) {
      const call = () => hub({ path: `/callbacks/land/${name}/${key}`, body });
      const { status } = await untilAcknowledged(call, signal);
      if (status !== expected) wrong.push(`${code}: the hub answered ${name} with ${status}, expected ${expected}`);
    }
  }
  return wrong;
}

/** The words of the measurement for the dossier and its steps. */
const EVENTS = ['1', '2', '0', '3'];

/** What the books lack or have too much of one dossier. */
function missingAt({ entries }: Book, code: string, events: readonly string[]): readonly string[] {
  const own = entries.filter(({ key }) => key === code).map(({ kind, content }) => ({ kind, ...(content as Entry) }));
  const found = {
    'the land database': own.filter(({ SoBienNhan }) => SoBienNhan !== undefined).length,
    'social protection': own.filter(({ StatusId }) => StatusId !== undefined).length,
    measurement: own.filter(({ kind }) => kind === 'event').length,
    'the criminal-record system': own.filter(({ maHoSoMCDT }) => maHoSoMCDT !== undefined).length,
    "the ministry's portal, dossiers": own.filter(({ kind }) => kind === 'handed-over').length,
    "the ministry's portal, steps": own.filter(({ kind }) => kind === 'portal-step').length,
  };
  const expected = {
    'the land database': 1,
    'social protection': events.length,
    measurement: events.length,
    'the criminal-record system': 1,
    "the ministry's portal, dossiers": 1,
    "the ministry's portal, steps": events.length - 1,
  };
  const counts = Object.entries(expected).flatMap(([holder, count]) => {
    const has = found[holder as keyof typeof found];
    return has === count ? [] : [`${code}: ${holder} has ${has} entries, expected ${count}`];
  });
  const said = own.flatMap(({ kind, status }) => (kind === 'event' ? [status] : []));
  return counts.length === 0 && said.join() !== events.join()
    ? [`${code}: the measurement has ${said.join()}`]
    : counts;
}

interface Entry {
  readonly SoBienNhan?: string;
  readonly StatusId?: string;
  readonly maHoSoMCDT?: string;
  readonly status?: string;
}

function waitFor(
  working: WorkingAtLandOffice,
  until: number,
  problemsIn: (book: Book) => readonly string[],
  name: typeof LAND | typeof REGISTER = 'land',
): Promise<readonly string[]> {
  return untilRight(async () => problemsIn(await working.participants[name].book()), until, working.signal);
}

/** Each dossier has one text message, which names it. The register's simulator plays the gateway too. */
function textProblems(
  working: WorkingAtLandOffice,
  codes: readonly string[],
  until: number,
): Promise<readonly string[]> {
  const problemsIn = ({ entries }: Book): readonly string[] =>
    codes.flatMap((code) => {
      const own = entries.filter(({ kind, content }) => kind === 'sms' && String(content).includes(code));
      const count = own.reduce((sum, one) => sum + one.count, 0);
      return count === 1 ? [] : [`${code}: ${count} text messages, expected 1`];
    });
  return waitFor(working, until, problemsIn, 'population');
}

/** The questions of officers. Each register has the record. */
const ASKED = {
  'social-insurance/ask/dossier': { code: '03706/2026/07906' },
  'business-register/ask/enterprise': { code: '5000000001' },
  'digitised-store/ask/stored-papers': {
    ownerNumber: '001099123456',
    requesterName: 'Nguyễn Thị Hoàng Yến',
    requesterNumber: '001099123456',
    results: [{ code: 'KQ.G15.000001' }],
  },
} as const;

async function askRegisters({ hub, secrets }: WorkingAtLandOffice): Promise<readonly string[]> {
  const order = { officer: 'H60.01-CB-0007', agencyCode: 'H60.01', serviceCode: LAND_SERVICE };
  const why = { purpose: 'Kiểm tra giấy tờ của người nộp hồ sơ', legalBasis: 'NĐ 118/2025/NĐ-CP' };
  const wrong: string[] = [];
  for (const [path, values] of Object.entries(ASKED)) {
    const body = JSON.stringify({ ...order, ...why, values });
    const answer = await hub({ path: `/api/v1/parties/${path}`, key: secrets.clerk, body });
    const { outcome } = answer.body as { readonly outcome?: string };
    if (outcome !== 'found') wrong.push(`${path} answered ${outcome ?? answer.status}, expected found`);
  }
  return wrong;
}
