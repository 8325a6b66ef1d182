import { msToInstant } from '#kit';
import { defineSimulator, type SimulatorContext, type SimulatorReply, type SimulatorRequest } from '#kit/testing';

/** The key that this simulator accepts. */
export const SIMULATOR_TOKEN = 'sample-partner-simulator';

type Body = Readonly<Record<string, unknown>>;

interface Partner {
  readonly dossiers: Map<string, Body & { readonly steps: readonly Body[] }>;
  /** Changes that it reports of its own work. A page continues at a position in this list. */
  readonly changes: Body[];
}

type Context = SimulatorContext<Partner>;

/**
 * Decide: this simulator is the partner's document as code: its checks, its answers, and how it treats a repeat. It is the
 * worst partner that the document allows. It does not hide a double take: the ledger shows it.
 */
export default defineSimulator<Partner>({
  state: () => ({ dossiers: new Map(), changes: [] }),
  routes: [
    { method: 'POST', path: '/dossiers', handle: admitted(takeDossier) },
    { method: 'POST', path: '/dossiers/{code}/steps', handle: admitted(takeStep) },
    { method: 'GET', path: '/dossiers/{code}', handle: admitted(showDossier) },
    { method: 'GET', path: '/changes', handle: admitted(listChanges) },
  ],
});

function admitted(handle: (request: SimulatorRequest, context: Context) => SimulatorReply) {
  return (request: SimulatorRequest, context: Context): SimulatorReply =>
    request.headers.authorization === `Bearer ${SIMULATOR_TOKEN}`
      ? handle(request, context)
      : error(401, 'wrong-key', 'Khóa không đúng');
}

/** Starts work on each dossier that it takes for the first time, and reports the step among its changes. */
function takeDossier({ json }: SimulatorRequest, { ledger, state, now }: Context): SimulatorReply {
  const told = json() as Body | undefined;
  if (typeof told?.code !== 'string' || typeof told.state !== 'string')
    return error(422, 'invalid', 'Thiếu mã hồ sơ hoặc trạng thái');
  const { code } = told;
  ledger.record('dossier', code, told);
  const known = state.dossiers.get(code);
  state.dossiers.set(code, { ...told, steps: known?.steps ?? [] });
  const step = { state: '2', actor: 'Lê Văn C', unit: 'Phòng chuyên môn', content: 'Đang giải quyết' };
  if (!known) state.changes.push({ code, at: msToInstant(now()), ...step });
  return taken(code, ledger.count());
}

function takeStep({ params, json }: SimulatorRequest, { ledger, state }: Context): SimulatorReply {
  const code = params.code as string;
  const known = state.dossiers.get(code);
  if (!known) return error(404, 'unknown-dossier', 'Không có hồ sơ này');
  const step = json() as Body | undefined;
  if (typeof step?.at !== 'string') return error(422, 'invalid', 'Thiếu thời điểm');
  ledger.record('step', code, step);
  state.dossiers.set(code, { ...known, steps: [...known.steps, step] });
  return taken(code, ledger.count());
}

function showDossier({ params }: SimulatorRequest, { state }: Context): SimulatorReply {
  const known = state.dossiers.get(params.code as string);
  return known ? { body: known } : error(404, 'unknown-dossier', 'Không có hồ sơ này');
}

function listChanges({ query }: SimulatorRequest, { state }: Context): SimulatorReply {
  const from = Number(query.get('after') ?? 0);
  const to = Math.min(from + Number(query.get('limit') ?? 100), state.changes.length);
  return { body: { items: state.changes.slice(from, to), next: String(to), more: to < state.changes.length } };
}

function taken(code: string, count: number): SimulatorReply {
  return { status: 201, body: { code, receipt: `BN-${String(count).padStart(6, '0')}` } };
}

function error(status: number, error: string, message: string): SimulatorReply {
  return { status, body: { error, message } };
}
