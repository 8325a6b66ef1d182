import { defineSimulator, type SimulatorContext, type SimulatorReply, type SimulatorRequest } from '#kit/testing';

/** The token that this stand-in accepts. */
export const SIMULATOR_TOKEN = 'one-stop-simulator';

interface OneStop {
  /** The answer and the body of each idempotency key. A repeat gets the same answer and has no effect. */
  readonly keys: Map<string, { readonly body: string; readonly reply: SimulatorReply }>;
}

type Handler = (request: SimulatorRequest, context: SimulatorContext<OneStop>) => SimulatorReply;

const put = (collection: string, take: Handler) => ({
  method: 'PUT',
  path: `/${collection}/{code}`,
  handle: guarded(take),
});

export default defineSimulator<OneStop>({
  state: () => ({ keys: new Map() }),
  routes: [
    put('dossiers', (request, context) => taken('dossier', request, context)),
    {
      method: 'POST',
      path: '/dossiers/{code}/progress',
      handle: guarded((request, context) => taken('progress', request, context)),
    },
    put('services', (request, context) => taken('service', request, context)),
    put('agencies', (request, context) => taken('agency', request, context)),
    put('fields', (request, context) => taken('field', request, context)),
    put('postal-orders', (request, context) => taken('postal-order', request, context)),
    put('payments', (request, context) => taken('payment', request, context)),
    put('questions', (request, context) => taken('question', request, context)),
    put('petitions', (request, context) => taken('petition', request, context)),
    put('ratings', (request, context) => taken('rating', request, context)),
  ],
});

/** Checks the token, the body's shape and repeats before a call takes effect. */
function guarded(take: Handler): Handler {
  return (request, context) => {
    if (request.headers.authorization !== `Bearer ${SIMULATOR_TOKEN}`) return problem(401, 'Khóa không đúng');
    const record = request.json() as { code?: unknown } | undefined;
    if (record === undefined) return problem(400, 'Nội dung không phải JSON');
    if (record.code !== request.params.code) return problem(422, 'Mã trong nội dung khác mã trong đường dẫn');
    const key = String(request.headers['idempotency-key'] ?? '');
    if (key === '') return problem(400, 'Thiếu Idempotency-Key');
    const known = context.state.keys.get(key);
    if (known) return known.body === request.text() ? known.reply : problem(409, 'Khóa đã dùng cho nội dung khác');
    const reply = take(request, context);
    if ((reply.status ?? 200) < 300) context.state.keys.set(key, { body: request.text(), reply });
    return reply;
  };
}

function taken(
  kind: string,
  { params, json }: SimulatorRequest,
  { ledger }: SimulatorContext<OneStop>,
): SimulatorReply {
  const code = params.code as string;
  ledger.record(kind, code, json());
  return { body: { code, receipt: `MC-${String(ledger.count()).padStart(6, '0')}` } };
}

function problem(status: number, detail: string): SimulatorReply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    body: { type: 'about:blank', status, detail },
  };
}
