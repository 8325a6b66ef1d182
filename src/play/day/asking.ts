import { setTimeout as sleep } from 'node:timers/promises';
import { formatLocal, msToInstant } from '#core/dates/dates';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { untilRight } from '../clients/until-right.ts';
import type { Participants } from '../participants/participants.ts';
import type { Secrets } from '../stage/hub-file.ts';

export interface Asking {
  readonly hub: AskHub;
  readonly participants: Participants<'national-portal'>;
  readonly secrets: Pick<Secrets, 'portal' | 'one-stop-legacy'>;
  readonly signal: AbortSignal;
}

const LOOK_MS = 500;
/** The one-stop system sends every answer again each day, as OpenCPS does. */
const TIMES = 3;

const OWN = [
  { HOIDAPID: 11, NOIDUNG: 'Đăng ký khai sinh muộn có bị phạt không?', NOIDUNGTRALOI: 'Không bị phạt.', TRALOIID: 1 },
  { HOIDAPID: 12, NOIDUNG: 'Chứng thực bản sao ở đâu?', NOIDUNGTRALOI: 'Tại UBND xã hoặc phường.', TRALOIID: 2 },
].map((one) => ({ ...one, MaLinhVuc: 'G03-GD10', MADONVI: 'H60.01', TENDONVI: 'Sở thử nghiệm' }));
const DENUNCIATION = {
  HOIDAPID: 13,
  MaLinhVuc: 'G03-GD10',
  NOIDUNG: 'Tôi tố cáo một cán bộ của bộ phận một cửa.',
  MADONVI: 'H60.01',
  TENDONVI: 'Sở thử nghiệm',
};

interface Listed {
  readonly HOIDAPID: number;
  readonly TRALOIID: number;
}

/**
 * Citizens ask on the national portal, and the one-stop system answers through the hub, while the portal loses answers. Each
 * answer and each own question arrives once, and a denunciation nowhere.
 *
 * @returns what is wrong at the end
 */
export async function askAndAnswer(asking: Asking, limitMs: number): Promise<readonly string[]> {
  const until = performance.now() + limitMs;
  const call = await logIn(asking);
  const open = await openQuestions(asking, call, until);
  await asking.participants['national-portal'].fault(
    { kind: 'drop-reply', forMs: 1_500 },
    { kind: 'half', forMs: 1_000 },
  );
  for (let time = 0; time < TIMES; time++) {
    await call('DongBoHoiDap', { data: [...OWN, DENUNCIATION] });
    await call('DongBoKetQuaHoiDapGuiTuDVCQG', { data: open.map(answerTo) });
  }
  return untilRight(() => problemsOf(asking, open), until, asking.signal);
}

type Call = (service: string, args: object) => Promise<{ readonly result?: readonly Listed[] }>;

/** A session of the one-stop system that speaks the portal's dialect. */
async function logIn({ hub, secrets, signal }: Asking): Promise<Call> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const ask = () => hub({ path, body: JSON.stringify(body) });
    return (await untilAcknowledged(ask, signal)).body;
  };
  const account = { username: 'one-stop-legacy', password: secrets['one-stop-legacy'] };
  const { session } = (await post('/mapi/login', account)) as { readonly session?: string };
  return async (service, args) =>
    (await post('/mapi/g', { session, madonvi: 'H60', service, ...args })) as { readonly result?: readonly Listed[] };
}

/** The unanswered questions of the portal, as soon as the hub lists them. */
async function openQuestions({ signal }: Asking, call: Call, until: number): Promise<readonly number[]> {
  for (;;) {
    const { result = [] } = await call('LayDanhSachHoiDapGuiTuDVCQG', {});
    const open = result.filter(({ TRALOIID }) => TRALOIID === 0).map(({ HOIDAPID }) => HOIDAPID);
    if (open.length > 0 || performance.now() > until) return open;
    await sleep(LOOK_MS, undefined, { signal });
  }
}

function answerTo(HOIDAPID: number): object {
  return {
    HOIDAPID,
    MADONVI: 'H60.01',
    NGUOITRALOI: 'Chu Thị Hạnh',
    CHUCVUNGUOITRALOI: 'Chuyên viên',
    NGAYTRALOI: formatLocal('dd/MM/yyyy', msToInstant(Date.now())),
    NOIDUNGTRALOI: 'Ông/bà nộp hồ sơ tại Trung tâm Phục vụ hành chính công nơi cư trú, hoặc nộp trực tuyến.',
  };
}

/** Where the portal and the hub do not have what they should. */
async function problemsOf({ hub, participants, secrets }: Asking, open: readonly number[]): Promise<readonly string[]> {
  const { entries } = await participants['national-portal'].book();
  const state = (await getJson<{ readonly state?: string }>(hub, `/api/v1/questions/${HELD}`, secrets.portal)).state;
  const { body } = await hub({ method: 'GET', path: '/api/public/questions?limit=200' });
  const shown = JSON.stringify(body);
  return [
    ...(open.length > 0 ? [] : ['the one-stop system got no question of the national portal']),
    ...open.flatMap((number) => once(entries, 'answer', (entry) => entry.key === String(number), `answer ${number}`)),
    ...OWN.flatMap(({ NOIDUNG }) => once(entries, 'question', (entry) => textOf(entry) === NOIDUNG, NOIDUNG)),
    ...OWN.filter(({ NOIDUNG }) => !shown.includes(NOIDUNG)).map(({ NOIDUNG }) => `${NOIDUNG}: not public`),
    ...(JSON.stringify(entries).includes('tố cáo') ? ['the national portal got a denunciation'] : []),
    ...(shown.includes('tố cáo') ? ['a denunciation is public'] : []),
    ...(state === 'held' ? [] : [`${HELD}: the denunciation is ${state}, expected held`]),
  ];
}

const HELD = `ONE-STOP-LEGACY-HD-${DENUNCIATION.HOIDAPID}`;

function textOf({ content }: LedgerEntry): string | undefined {
  return (content as { readonly NOIDUNG?: string }).NOIDUNG;
}

function once(
  entries: readonly LedgerEntry[],
  kind: string,
  isIt: (entry: LedgerEntry) => boolean,
  what: string,
): readonly string[] {
  const count = entries.filter((entry) => entry.kind === kind && isIt(entry)).reduce((sum, one) => sum + one.count, 0);
  return count === 1 ? [] : [`${what}: the national portal took it ${count} times, expected once`];
}
