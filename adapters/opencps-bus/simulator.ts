import { defineSimulator, type SimulatorContext, type SimulatorReply, type SimulatorRequest } from '#kit/testing';

/** The client that this stand-in knows. */
export const SIMULATOR_CLIENT = { consumerKey: 'truc-lien-thong', consumerSecret: 'mat-ma-thu-nghiem' } as const;

interface Bus {
  readonly tokens: Set<string>;
  /** The last body of each document, and every trace and report. A repeat changes nothing. */
  readonly held: Map<string, string>;
  issued: number;
}

type Context = SimulatorContext<Bus>;
type Body = Readonly<Record<string, unknown>>;

const post = (path: string, kind: string, keyOf: (body: Body) => unknown, isState = false) => ({
  method: 'POST',
  path,
  handle: (request: SimulatorRequest, context: Context): SimulatorReply =>
    take(request, context, { kind, keyOf, isState }),
});

const monthOf = ({ Year, Month }: Body): unknown => `${Year}-${Month}`;

/** A provincial bus that OpenCPS systems push to. */
export default defineSimulator<Bus>({
  state: () => ({ tokens: new Set(), held: new Map(), issued: 0 }),
  expireSessions: ({ tokens }) => tokens.clear(),
  routes: [
    { method: 'POST', path: '/token', handle: token },
    post('/Document/SyncDocument', 'document', ({ DocCode }) => DocCode, true),
    post('/Document/UpdateDocumentTraces', 'trace', ({ DocCode }) => DocCode),
    post('/Statistic', 'statistic', monthOf, true),
    post('/Vote', 'vote', ({ DateCreated }) => DateCreated),
  ],
});

function token({ text }: SimulatorRequest, { state }: Context): SimulatorReply {
  const form = new URLSearchParams(text());
  const { consumerKey, consumerSecret } = SIMULATOR_CLIENT;
  const isOurs = form.get('client_id') === consumerKey && form.get('client_secret') === consumerSecret;
  if (!isOurs || form.get('grant_type') !== 'client_credentials')
    return { status: 401, body: { error: 'invalid_client' } };
  state.issued += 1;
  const value = `bus-${state.issued}`;
  state.tokens.add(value);
  return { body: { access_token: value, token_type: 'Bearer', expires_in: 3_600, scope: 'default' } };
}

interface Kind {
  readonly kind: string;
  readonly keyOf: (body: Body) => unknown;
  /** A later body takes the place of the earlier one. */
  readonly isState: boolean;
}

function take(
  { headers, json, text }: SimulatorRequest,
  { state, ledger }: Context,
  { kind, keyOf, isState }: Kind,
): SimulatorReply {
  if (!state.tokens.has((headers.authorization ?? '').replace('Bearer ', '')))
    return { status: 401, body: { Status: 401, Message: 'Unauthorized' } };
  const body = json() as Body | undefined;
  const key = body && keyOf(body);
  if (typeof key !== 'string' || key === '') return { status: 400, body: { Status: 400, Message: 'Thiếu DocCode' } };
  const place = isState ? `${kind} ${key}` : `${kind} ${text()}`;
  if (state.held.get(place) !== text()) ledger.record(kind, key, body);
  state.held.set(place, text());
  return { body: { Status: 200, Message: 'OK' } };
}
