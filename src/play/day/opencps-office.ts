import { msToInstant } from '#core/dates/dates';
import { dossierPath, type Standing, type State } from '../checks/evidence.ts';
import { type AskHub, getJson, type HubReply, type HubRequest } from '../clients/hub-client.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { untilRight } from '../clients/until-right.ts';
import { type Book, BUS, type LAND, type Participants } from '../participants/participants.ts';
import {
  FORWARDED_TO,
  ILIS,
  ILIS_CALLBACK_KEY,
  LAND_SERVICE,
  OPENCPS,
  OPENCPS_CLIENT,
  PAPERS,
  PAPERS_SERVICE,
} from '../participants/parties.ts';
import type { Secrets } from '../stage/hub-file.ts';
import { dayInCode } from './calendar.ts';

export interface WorkingWithOpencps {
  readonly hub: AskHub;
  /** The land database's simulator plays iLIS and the driving licences too. */
  readonly participants: Participants<typeof BUS | typeof LAND | typeof FORWARDED_TO>;
  readonly secrets: Pick<Secrets, 'portal'>;
  readonly signal: AbortSignal;
}

export interface OpencpsWork {
  /** The faults at the end of the work. */
  readonly wrong: readonly string[];
  readonly standings: readonly Standing[];
}

/** The callbacks of iLIS in turn, where each has its key, and the status that it means. */
const STEPS = [
  {
    path: `ChuyenHoSo/${ILIS_CALLBACK_KEY}`,
    at: 'NgayChuyen',
    status: 'processing',
    more: { MaCanBoChuyen: 'vpdk.lan' },
  },
  {
    path: `KetQuaThue?CodeGet=${ILIS_CALLBACK_KEY}`,
    at: 'NgayCoKetQuaThue',
    status: 'payment-required',
    more: { DanhSachThongBaoThue: [{ SoThongBaoThue: 'TB-02' }] },
  },
  {
    path: `KetThucHoSo/${ILIS_CALLBACK_KEY}`,
    at: 'NgayKetThuc',
    status: 'resolved',
    more: { MaCanBoXuLy: 'vpdk.nam', TrangThaiKetThuc: 0 },
  },
] as const;

/**
 * An office with OpenCPS pushes two dossiers, each twice as after a lost answer. It ends one of them, and the land database iLIS
 * the other one. The bus of the province gets every state and step once, iLIS its dossier once, a ministry the papers as a
 * form. The hub also asks the system of driving licences, which has two dossiers.
 */
export async function workWithOpencps(working: WorkingWithOpencps, limitMs: number): Promise<OpencpsWork> {
  const until = performance.now() + limitMs;
  const beginMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  const day = dayInCode(msToInstant(beginMs));
  const [own, land] = [`H60.01-${day}-960001`, `H60.01-${day}-960002`];
  const push = await session(working);
  const waitFor = (problemsNow: () => Promise<readonly string[]>): Promise<readonly string[]> =>
    untilRight(problemsNow, until, working.signal);
  const at = (step: number): string => msToInstant(beginMs + step * 1_000);
  const wrong = [
    ...(await push('Document/SyncDocument', document(own, PAPERS_SERVICE, at(0)))),
    ...(await push('Document/SyncDocument', document(land, LAND_SERVICE, at(0)))),
    ...(await push('Document/UpdateDocumentTraces', trace(own, at(1)))),
    ...(await push('Document/SyncDocument', document(own, PAPERS_SERVICE, at(0), at(2)))),
    ...(await waitFor(async () => missingAtIlis(await working.participants.land.book(), land))),
    ...(await callBack(working, land, at)),
    ...(await waitFor(async () => {
      const book = await working.participants[BUS].book();
      return [...missingAtBus(book, own, 1), ...missingAtBus(book, land, STEPS.length)];
    })),
    ...(await waitFor(async () => missingPapers(await working.participants[FORWARDED_TO].book(), own))),
    ...(await waitFor(() => missingLicences(working))),
  ];
  const steps = STEPS.map(({ status }, index) => ({ status, at: at(index + 1) }));
  const standingOf = (
    ministry: Standing['ministry'],
    code: string,
    status: Standing['status'],
    since: string,
  ): Standing => ({
    ministry,
    code,
    status,
    at: since,
    steps: [],
  });
  return {
    wrong,
    standings: [
      standingOf(OPENCPS, own, 'resolved', at(2)),
      { ...standingOf(ILIS, land, 'resolved', at(STEPS.length)), steps },
      ...LICENCES.map((code) => standingOf('driving-licence', code, 'received', LICENCES_AT)),
    ],
  };
}

const TEXT = '%PDF-1.4 Đơn đề nghị';
/** A paper of each dossier. The hub gets it in base64, and passes it on in base64 or as a part of a form. */
const PAPER = { name: 'Đơn đề nghị', text: TEXT, base64: Buffer.from(TEXT).toString('base64') };
const NO_DATE = '0000-00-00T00:00:00.000+0700';

/** What OpenCPS writes about a dossier. @param resolvedAt when it was resolved, if it was */
function document(code: string, service: string, receivedAt: string, resolvedAt?: string): object {
  return {
    DocCode: code,
    DocTypeCode: service,
    DocTypeName: 'Thủ tục thử nghiệm',
    CitizenName: 'Nguyễn Văn An',
    ApplicantsId: '001000000001',
    ApplicantsType: 1,
    DateReceived: momentOf(receivedAt),
    Status: resolvedAt === undefined ? 1 : 2,
    IsSuccess: resolvedAt !== undefined,
    SuccessDate: resolvedAt === undefined ? NO_DATE : momentOf(resolvedAt),
    IsReturned: false,
    ReturnedDate: NO_DATE,
    Attachments: [
      { AttachmentId: 1, AttachmentName: PAPER.name, IsDeleted: false, Base64: PAPER.base64, IsVerified: true },
    ],
    OrganInchargeIdLevel1: 'H60.01',
    OrganInchargeName: 'UBND phường Minh Xuân',
  };
}

const trace = (code: string, at: string): object => ({
  DocCode: code,
  UserName: 'Trần Văn B',
  DateCreated: momentOf(at),
  Comment: 'Chuyển thẩm định',
  Status: 0,
});

const momentOf = (instant: string): string => instant.replace('+07:00', '.000+0700');

/** Gets a token as OpenCPS does. @returns a function that pushes twice, and returns what went wrong */
async function session({ hub, signal }: WorkingWithOpencps) {
  const ask = (request: HubRequest): Promise<HubReply> => untilAcknowledged(() => hub(request), signal);
  const form = { grant_type: 'client_credentials', client_id: OPENCPS_CLIENT.id, client_secret: OPENCPS_CLIENT.secret };
  const { body } = await ask({
    path: `/callbacks/${OPENCPS}/token`,
    body: `${new URLSearchParams(form)}`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  const { access_token: token = '' } = body as { readonly access_token?: string };
  return async (name: string, content: object): Promise<readonly string[]> => {
    const wrong: string[] = [];
    for (let time = 1; time <= 2; time++) {
      const request = { path: `/callbacks/${OPENCPS}/${name}`, key: token, body: JSON.stringify(content) };
      const { status } = await ask(request);
      if (status !== 200) wrong.push(`the hub answered ${name} of ${OPENCPS} with ${status}, expected 200`);
    }
    return wrong;
  };
}

async function callBack(
  { hub, signal }: WorkingWithOpencps,
  code: string,
  at: (step: number) => string,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [index, { path, at: member, more }] of STEPS.entries()) {
    const body = JSON.stringify({ SoBienNhan: code, [member]: at(index + 1), ...more });
    for (const [address, expected] of [
      [`${path}-`, 401],
      [path, 200],
      [path, 200],
    ] as const) {
      const call = () => hub({ path: `/callbacks/${ILIS}/${address}`, body });
      const { status } = await untilAcknowledged(call, signal);
      if (status !== expected)
        wrong.push(`${code}: the hub answered ${member} of ${ILIS} with ${status}, expected ${expected}`);
    }
  }
  return wrong;
}

/** The dossiers that iLIS lacks. VBDLIS, in the same book, has others. */
function missingAtIlis({ entries }: Book, code: string): readonly string[] {
  const count = entries.filter(({ kind, key }) => kind === 'dossier' && key === code).length;
  return count === 1 ? [] : [`${code}: iLIS has ${count} entries, expected 1`];
}

interface BusDocument {
  readonly Status?: number;
  readonly Attachments?: readonly { readonly Base64?: string }[];
}

/** What the bus lacks or has too much of one dossier, which is resolved. */
function missingAtBus({ entries }: Book, code: string, traces: number): readonly string[] {
  const own = entries.filter(({ key }) => key === code);
  const found = own.filter(({ kind }) => kind === 'trace').length;
  const last = own.findLast(({ kind }) => kind === 'document')?.content as BusDocument | undefined;
  return [
    ...(found === traces ? [] : [`${code}: the bus has ${found} traces, expected ${traces}`]),
    ...(last?.Attachments?.[0]?.Base64 === PAPER.base64 ? [] : [`${code}: the bus lacks its paper`]),
    ...(last?.Status === 2 ? [] : [`${code}: the bus has Status ${last?.Status}, expected 2`]),
  ];
}

/** What the ministry lacks of the papers of a dossier, which came as a form. */
function missingPapers({ entries }: Book, code: string): readonly string[] {
  const own = entries.filter(({ kind, key }) => kind === 'papers' && key === code);
  const [{ content } = { content: undefined }] = own;
  const { names = [], files = [] } = (content ?? {}) as {
    readonly names?: readonly string[];
    readonly files?: readonly { readonly text: string }[];
  };
  const isWhole = names.join() === PAPER.name && files.map(({ text }) => text).join() === PAPER.text;
  return own.length === 1 && isWhole ? [] : [`${code}: ${PAPERS} has ${own.length} forms, expected 1 with its file`];
}

/** The two dossiers of the system of driving licences. */
const LICENCES = ['H60.07-250812-0001', 'H60.07-250812-0002'] as const;
const LICENCES_AT = '2025-08-12T08:15:00+07:00';

async function missingLicences({ hub, secrets }: WorkingWithOpencps): Promise<readonly string[]> {
  const found = await Promise.all(
    LICENCES.map((code) => getJson<State & { readonly dueAt?: string }>(hub, dossierPath(code), secrets.portal)),
  );
  return found.flatMap(({ dueAt }, at) =>
    dueAt === '2025-08-26T17:00:00+07:00' ? [] : [`${LICENCES[at]}: the hub has the term ${dueAt} of its licence`],
  );
}
