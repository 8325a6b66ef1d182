import {
  defineSimulator,
  type SimulatorContext,
  type SimulatorDefinition,
  type SimulatorReply,
  type SimulatorRequest,
} from '#kit/testing';
import { type Catalogue, loadCatalogue } from './catalogue.ts';
import { SAMPLE_QUESTIONS } from './questions.ts';
import { SERVICES } from './services.ts';
import type { PortalOptions, PortalState, Reply } from './state.ts';

const SESSION_MS = 10 * 60_000;

/** A stand-in for the national portal behind its exchange adapter, built from domain 2. */
export function nationalPortal(options: PortalOptions = {}): SimulatorDefinition {
  const catalogue = options.catalogue ?? loadCatalogue();
  const questions = options.questions ?? SAMPLE_QUESTIONS;
  const answer = (reply: Reply): SimulatorReply => ({ body: written(reply, options) });
  return defineSimulator<PortalState>({
    state: () => ({
      sessions: new Map(),
      dossiers: new Map(),
      steps: new Map(),
      questions: new Map(questions.map((one) => [String(one.entry.HOIDAPID), one])),
      ratings: new Set(),
      reports: new Set(),
      answers: 0,
      logins: 0,
    }),
    expireSessions: (state) => state.sessions.clear(),
    routes: [
      {
        method: 'POST',
        path: '/mapi/login',
        handle: guarded((body, context) => answer(logIn(body, context, options))),
      },
      {
        method: 'POST',
        path: '/mapi/g',
        handle: guarded((body, context) => answer(serve(body, context, options, catalogue))),
      },
    ],
  });
}

type Body = Readonly<Record<string, unknown>>;
type Handler = (body: Body, context: SimulatorContext<PortalState>) => SimulatorReply;

/** The exchange platform rejects calls that do not name their destination. */
function guarded(handle: Handler) {
  return (request: SimulatorRequest, context: SimulatorContext<PortalState>): SimulatorReply => {
    if (!request.headers.dstcode) return { status: 500, body: 'Server.ClientProxy.UnknownMember' };
    const body = request.json();
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return { status: 400, body: 'Bad Request' };
    return handle(body as Body, context);
  };
}

function logIn(
  { username, password }: Body,
  { state, now }: SimulatorContext<PortalState>,
  { account }: PortalOptions,
): Reply {
  const isKnown = account ? username === account.username && password === account.password : username && password;
  if (!isKnown) return { code: -1, message: 'Sai tên đăng nhập hoặc mật khẩu' };
  const session = `s-${++state.logins}`;
  state.sessions.set(session, now() + SESSION_MS);
  return { code: 0, more: { session } };
}

function serve(
  body: Body,
  context: SimulatorContext<PortalState>,
  options: PortalOptions,
  catalogue: Catalogue,
): Reply {
  const endsAt = context.state.sessions.get(String(body.session));
  if (endsAt === undefined || endsAt <= context.now())
    return { code: -1, message: 'Phiên làm việc không tồn tại hoặc đã hết hạn' };
  if (typeof body.madonvi !== 'string' || body.madonvi === '') return { code: -1, message: 'Thiếu madonvi' };
  const service = Object.hasOwn(SERVICES, String(body.service)) ? SERVICES[String(body.service)] : undefined;
  return service ? service({ body, context, options, catalogue }) : { code: -1, message: 'Không có dịch vụ này' };
}

function written({ code, message, result, more }: Reply, { style = 'number', wrapped = 0 }: PortalOptions): object {
  const zero = { number: 0, text: '0', padded: '00' }[style];
  const error_code = code === 0 ? zero : style === 'number' ? code : String(code);
  let reply: object = { ...more, error_code, message: message || undefined, result };
  for (let layer = 0; layer < wrapped; layer++) reply = { message: JSON.stringify(reply) };
  return reply;
}
