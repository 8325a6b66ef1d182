import {
  defineSimulator,
  type SimulatorContext,
  type SimulatorDefinition,
  type SimulatorReply,
  type SimulatorRequest,
} from '#kit/testing';
import { complaintsAbout, type Registered, statusRow } from './simulated-ministry.ts';
import tables from './tables.json' with { type: 'json' };

interface Ministry {
  readonly tokens: Set<string>;
  readonly dossiers: Map<string, Registered>;
  issued: number;
}

type Context = SimulatorContext<Ministry>;
type Body = Readonly<Record<string, unknown>>;

/**
 * The gateway and the ministry behind it. Dossiers go from received to processing to their end, a step every `stepMs`.
 */
export function civilStatusSimulator({ stepMs = 2_000 } = {}): SimulatorDefinition {
  return defineSimulator<Ministry>({
    state: () => ({ tokens: new Set(), dossiers: new Map(), issued: 0 }),
    expireSessions: ({ tokens }) => tokens.clear(),
    routes: [
      { method: 'POST', path: '/token', handle: token },
      {
        method: 'POST',
        path: tables.paths.registration,
        handle: admitted((body, context) => take(body, 'maHoSo', context)),
      },
      {
        method: 'POST',
        path: tables.paths.bundle,
        handle: admitted((body, context) => take(body, 'maHoSoMCDT', context)),
      },
      { method: 'POST', path: tables.paths.results, handle: admitted((body, context) => tell(body, context, stepMs)) },
    ],
  });
}

export default civilStatusSimulator();

function token({ headers, text }: SimulatorRequest, { state }: Context): SimulatorReply {
  const pair = Buffer.from(String(headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  if (!/^[^:]+:.+$/.test(pair)) return { status: 401, body: { error: 'invalid_client' } };
  if (text() !== 'grant_type=client_credentials') return { status: 400, body: { error: 'unsupported_grant_type' } };
  state.issued += 1;
  const value = `simulated-${state.issued}`;
  state.tokens.add(value);
  return { body: { access_token: value, scope: 'default', token_type: 'Bearer', expires_in: 3600 } };
}

function admitted(handle: (body: Body, context: Context) => SimulatorReply) {
  return ({ headers, json }: SimulatorRequest, context: Context): SimulatorReply => {
    if (!context.state.tokens.has(String(headers.authorization ?? '').replace(/^Bearer /, '')))
      return { status: 401, body: { fault: { code: 900901, message: 'Invalid Credentials' } } };
    if (!headers.lgspaccesstoken)
      return { body: { status: 0, errorCode: '100', errorDescription: 'AUTHEN_ERROR - Mã xác thực không chính xác' } };
    const body = json() as Body | undefined;
    return body ? handle(body, context) : { status: 500, body: { status: 500, errors: 'JSON không hợp lệ' } };
  };
}

/** A repeated registration creates a second one: the ministry promises nothing else. */
function take(body: Body, codeMember: 'maHoSo' | 'maHoSoMCDT', { ledger, state, now }: Context): SimulatorReply {
  const complaints = complaintsAbout(body);
  if (complaints.length > 0) return { status: 500, body: { status: 500, errors: complaints.join(';') } };
  const maHoSo = String(body[codeMember]);
  ledger.record('registration', maHoSo, body);
  if (!state.dossiers.has(maHoSo))
    state.dossiers.set(maHoSo, {
      maHoSo,
      maHoSoLT: String(body.maHoSoLT ?? maHoSo),
      module: String(body.module),
      atMs: now(),
    });
  return {
    body: { status: 1, statusDescription: 'Gửi thông tin thành công', errorCode: null, errorDescription: null },
  };
}

function tell({ maDinhDanhHoSo, module }: Body, { state, now }: Context, stepMs: number): SimulatorReply {
  if (!Array.isArray(maDinhDanhHoSo) || maDinhDanhHoSo.length > 3)
    return { body: { status: 0, errorCode: '500', errorDescription: 'maDinhDanhHoSo không hợp lệ' } };
  const value = maDinhDanhHoSo.flatMap((code) => {
    const known = state.dossiers.get(String(code));
    return known && known.module === module
      ? [statusRow(known, Math.floor((now() - known.atMs) / stepMs), stepMs)]
      : [];
  });
  return { body: { status: 1, statusDescription: 'Giao dịch thành công', value } };
}
