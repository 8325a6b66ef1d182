import {
  defineSimulator,
  type SimulatorContext,
  type SimulatorDefinition,
  type SimulatorReply,
  type SimulatorRequest,
} from '#kit/testing';
import { type Dossier, filesOf, shown } from './simulator/dossiers.ts';

/** The client that this stand-in knows. */
export const SIMULATOR_CLIENT = { clientId: 'truc-lien-thong', clientSecret: 'mat-ma-thu-nghiem' } as const;

interface Host {
  readonly tokens: Set<string>;
  readonly dossiers: Map<string, Dossier>;
  issued: number;
}

type Context = SimulatorContext<Host>;
type Handle = (request: SimulatorRequest, context: Context) => SimulatorReply;
type Given = Readonly<Record<string, unknown>>;

const TOKEN_S = 300;
const REALM = '/auth/realms/digo/protocol/openid-connect/token';
const STEPS = 3;

/** A host of iGate 2 with a few dossiers. One that a citizen files advances every `stepMs`, until it has a result. */
export function igateSimulator({ stepMs = 2_000 } = {}): SimulatorDefinition {
  const admitted =
    (handle: Handle): Handle =>
    (request, context) => {
      const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
      if (!context.state.tokens.has(token)) return { status: 401, body: { error: 'invalid_token' } };
      for (const dossier of context.state.dossiers.values()) advance(dossier, context.now(), stepMs);
      return handle(request, context);
    };
  return defineSimulator<Host>({
    state: () => ({ tokens: new Set(), dossiers: seeded(), issued: 0 }),
    expireSessions: ({ tokens }) => tokens.clear(),
    routes: [
      { method: 'POST', path: REALM, handle: token },
      { method: 'GET', path: '/pa/dossier/search', handle: admitted(search) },
      { method: 'GET', path: '/pa/dossier/{id}/--online', handle: admitted(detail) },
      { method: 'GET', path: '/pa/dossier-fee/--by-dossiers', handle: admitted(fees) },
      { method: 'PUT', path: '/pa/dossier/--force-end-process', handle: admitted(end) },
      // A citizen's filing. The body is this stand-in's own.
      { method: 'POST', path: '/pa/dossier/--apply-online/', handle: file },
    ],
  });
}

export default igateSimulator();

/** Dossiers that stay where they are: a search always has rows. */
function seeded(): Map<string, Dossier> {
  const filedMs = Date.parse('2025-08-12T08:00:00+07:00');
  const numbers = [1, 2, 3];
  return new Map(
    numbers.map((number) => {
      const code = `H60.01-250812-000${number}`;
      const steps = 2;
      return [
        code,
        { number, code, name: 'Nguyễn Văn An', filedMs: filedMs + number * 60_000, stepMs: 600_000, steps },
      ];
    }),
  );
}

function token({ text, headers }: SimulatorRequest, { state }: Context): SimulatorReply {
  const form = new URLSearchParams(text());
  const pair = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  const { clientId, clientSecret } = SIMULATOR_CLIENT;
  const isOurs = pair === `${clientId}:${clientSecret}` && form.get('grant_type') === 'client_credentials';
  if (!isOurs) return { status: 401, body: { error: 'invalid_client' } };
  state.issued += 1;
  const value = `igate-${state.issued}`;
  state.tokens.add(value);
  return { body: { access_token: value, token_type: 'Bearer', expires_in: TOKEN_S } };
}

/** The latest change first. `page` counts the rows, `slice` does not. */
function search({ query }: SimulatorRequest, { state }: Context): SimulatorReply {
  const code = query.get('code-match');
  const national = query.get('nation-code-match');
  const appliedFrom = dayMs(query.get('applied-from'));
  const acceptedFrom = Date.parse(query.get('accepted-from') ?? '1970-01-01T00:00:00Z');
  if (Number.isNaN(appliedFrom) || Number.isNaN(acceptedFrom)) return { status: 400, body: { message: 'sai ngày' } };
  const rows = [...state.dossiers.values()]
    .filter((one) => (!code || one.code === code) && (!national || shown(one).nationCode === national))
    .filter(({ filedMs }) => filedMs >= appliedFrom && filedMs >= acceptedFrom)
    .sort((a, b) => changedMs(b) - changedMs(a));
  const [page, size] = [Number(query.get('page')), Number(query.get('size'))];
  const content = rows.slice(page * size, (page + 1) * size).map(shown);
  const last = (page + 1) * size >= rows.length;
  const counted = query.get('spec') === 'slice' ? {} : { totalElements: rows.length };
  return { body: { content, number: page, size, last, ...counted } };
}

/** `dd/MM/yyyy`, as iGate takes days of filing. */
function dayMs(text: string | null): number {
  if (!text) return 0;
  const [, day, month, year] = /^(\d\d?)\/(\d\d?)\/(\d{4})$/.exec(text) ?? [];
  return Date.parse(`${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}T00:00:00+07:00`);
}

function detail({ params }: SimulatorRequest, { state }: Context): SimulatorReply {
  const dossier = [...state.dossiers.values()].find((one) => shown(one).id === params.id);
  if (!dossier) return { status: 404, body: { message: 'Không tìm thấy hồ sơ' } };
  const { dossierStatus, ...row } = shown(dossier);
  return { body: { ...row, dossierStatus: (dossierStatus as { id: number }).id, dossierFormFile: filesOf(dossier) } };
}

function fees({ query }: SimulatorRequest, { state }: Context): SimulatorReply {
  const asked = new Set((query.get('dossier-ids') ?? '').split(','));
  const rows = [...state.dossiers.values()].map(shown).filter(({ id }) => asked.has(String(id)));
  const name = [{ languageId: 228, name: 'Lệ phí' }];
  return {
    body: rows.map(({ id }) => ({
      id: `f${id}`,
      procost: { type: { type: 1, name } },
      amount: 10000.0,
      quantity: 1,
      dossier: { id },
    })),
  };
}

function end({ json }: SimulatorRequest, { state, ledger, now }: Context): SimulatorReply {
  const list = json();
  if (!Array.isArray(list)) return { status: 400, body: { message: 'Nội dung không phải danh sách' } };
  for (const { id, code } of list as readonly Given[]) {
    const dossier = state.dossiers.get(String(code));
    if (!dossier || shown(dossier).id !== id) return { status: 404, body: { message: 'Không tìm thấy hồ sơ' } };
    dossier.endedMs ??= now();
    ledger.record('ended', dossier.code, { id, code });
  }
  return { body: { affectedRows: list.length } };
}

function file({ json }: SimulatorRequest, { state, now }: Context): SimulatorReply {
  const { code, name } = (json() ?? {}) as Given;
  if (typeof code !== 'string' || typeof name !== 'string') return { status: 400, body: { message: 'Thiếu mã hồ sơ' } };
  const given = json() as Pick<Dossier, 'agency' | 'service' | 'identityNumber' | 'phone'>;
  // A citizen without an answer files again.
  if (!state.dossiers.has(code))
    state.dossiers.set(code, {
      ...given,
      code,
      name,
      number: state.dossiers.size + 1,
      filedMs: now(),
      advances: true,
      stepMs: 0,
      steps: 0,
    });
  return { body: { code } };
}

const changedMs = (dossier: Dossier): number =>
  Date.parse(String(shown(dossier).updatedDate).replace('+0700', '+07:00'));

function advance(dossier: Dossier, nowMs: number, stepMs: number): void {
  if (!dossier.advances) return;
  dossier.stepMs = stepMs;
  dossier.steps = Math.min(STEPS, Math.floor((nowMs - dossier.filedMs) / stepMs));
}
