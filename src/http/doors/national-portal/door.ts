import type { Context } from 'hono';
import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { recipients } from '#core/dossier/route';
import { problem } from '#core/problem';
import { placesOutsideRecord } from '#mappings/national-portal/dossier-writing';
import { numberText } from '#mappings/national-portal/question';
import { isAbsent, isObject, kindOf } from '#mappings/national-portal/values';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { render } from '#messages/render';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { KeyEntry, Scope } from '../../../config/config.ts';
import type { ItemResult } from '../../../ledger/messages.ts';
import type { AppContext } from '../../app-context.ts';
import { requireKey, requireScopes } from '../../auth.ts';
import type { Load } from '../../bodies.ts';
import { readBody } from '../../body.ts';
import { EXACT, parseWhole, parseWithList } from '../../json-body.ts';
import { inLanguage, languageOf } from '../../language.ts';
import { Refusal, refusalOf } from '../../problem.ts';
import type { AddRoute } from '../../route.ts';
import { callerOf, type DoorContext, note, noteUnanswered } from '../door.ts';
import { basicKey } from '../soap/authenticate.ts';
import { argumentOf, type Call, DIALECT, listOf, MAX_ITEMS, REPORT_STATUS, readItemOf, SEND_ANSWERS } from './items.ts';
import { findPayable, notConfigured, type PayableContext } from './payables.ts';
import { QUESTIONS, type QuestionContext } from './questions.ts';
import { keyOfSession, openSession, type SessionContext } from './session.ts';

export type NationalPortalDoorContext = DoorContext &
  SessionContext &
  QuestionContext &
  PayableContext &
  Pick<AppContext, 'guessLimit' | 'codes' | 'routes' | 'province'>;

type Answer = Readonly<Record<string, unknown>>;

/**
 * The dialect of the national portal (Cổng DVCQG). A one-stop system that speaks it only changes its
 * URL.
 */
export function addNationalPortalDoor(add: AddRoute, hub: NationalPortalDoorContext): void {
  add(
    {
      method: 'post',
      path: '/mapi/login',
      tag: 'Doors',
      summary: "Log in, in the national portal's dialect: a key's id and secret as username and password",
      body: { 'application/json': Login },
      replies: {
        200: { description: '`session` with `error_code` 0; or `error_code` -1 with `message`', schema: Reply },
        ...REFUSED,
        429: { description: 'Too many wrong passwords came from this address; `error_code` -1', schema: Reply },
      },
    },
    (c) => answering(c, hub, () => login(c, hub)),
  );
  add(
    {
      method: 'post',
      path: '/mapi/g',
      tag: 'Doors',
      summary: "One call of the national portal's dialect, chosen by `service`",
      description: `Services: ${Object.keys(SERVICES).join(', ')}. Fields are those of the national portal, flat next to session and madonvi. DongBoHoSoMC, CapNhatTienDoHoSoMC, DongBoTrangThaiHoSo, DongBoHoiDap and DongBoKetQuaHoiDapGuiTuDVCQG take \`data\` and return the result of each item in \`result\`. TraCuuHoSo returns the record with its steps (TienDoXuLy), or nothing for a dossier that the caller's party never sent. LayThuTuc returns one procedure, the other services return lists. Services of dossiers need the scope dossier:write, those of questions question:write, and the catalogue services catalogue:read or dossier:write. A key without scopes can only log in.`,
      access: ['session'],
      body: { 'application/json': AnyCall },
      replies: {
        200: { description: '`error_code` 0 when the hub stored all items, otherwise -1', schema: Reply },
        ...FAILED,
      },
    },
    (c) => answering(c, hub, () => call(c, hub)),
  );
  addPayableRoute(add, hub);
}

/** The national portal's payment platform asks a province at this path, without a session (domain-2 1.6). */
function addPayableRoute(add: AddRoute, hub: NationalPortalDoorContext): void {
  add(
    {
      method: 'post',
      path: '/kpdvcqg/dptracuuthanhtoanhs',
      tag: 'Doors',
      summary: 'What is to be paid for a dossier, as the national portal asks for it',
      description:
        'The same as the service `dptracuuthanhtoanhs`, with a key in place of a session. Also takes the id and the secret of the key as HTTP Basic.',
      scopes: ['payment:write'],
      body: { 'application/json': Type.Object({ MaHoSo: Type.String({ description: 'any code of the dossier' }) }) },
      replies: {
        200: { description: '`error_code` 1 for something to pay, 0 for nothing, -1 for a failure', schema: Reply },
        ...FAILED,
      },
    },
    async (c) => {
      const key = await basicOrBearerKey(c, hub);
      requireScopes(key, 'payment:write');
      note(c, { operation: 'payment.upsert.v1', keyName: key.id });
      return answering(c, hub, () =>
        hub.bodies.ofKey(key.id, async (load) => {
          const mostBytes = Math.min(hub.maxBodyBytes, MAX_LOGIN_BYTES);
          const body = await readBody(c, mostBytes, { load, withinMs: LOGIN_MS });
          return findPayable(hub, objectOf(parseWhole(body)), key);
        }),
      );
    },
  );
}

/** Clients that know Basic alone, such as those of .NET and Java, wait for its challenge. */
const CHALLENGES = { 'WWW-Authenticate': 'Basic realm="lienthong", charset="UTF-8", Bearer realm="lienthong"' };

/** @throws Refusal 401 without a valid key */
async function basicOrBearerKey(c: Context, hub: NationalPortalDoorContext): Promise<KeyEntry> {
  const isBasic = /^Basic\b/i.test(c.req.header('authorization') ?? '');
  try {
    return (isBasic && (await basicKey(c, hub))) || requireKey(c, hub.keys);
  } catch (error) {
    if (!(error instanceof Refusal) || error.kind !== 'unauthorized') throw error;
    throw new Refusal('unauthorized', error.words, { headers: CHALLENGES });
  }
}

const Login = Type.Object({ username: Type.String(), password: Type.String() });
const AnyCall = Type.Object({
  session: Type.String(),
  madonvi: Type.Optional(
    Type.String({ description: 'the agency of dossiers whose code names none; the default is the province' }),
  ),
  service: Type.String(),
  isUpdating: Type.Optional(
    Type.String({ description: '"True" or "False"; either way, known dossiers are updated and others created' }),
  ),
  data: Type.Optional(
    Type.Array(Type.Object({}), { description: 'at most 1,000 dossiers, steps, questions or answers' }),
  ),
  mahoso: Type.Optional(Type.String({ description: 'for TraCuuHoSo: any code of the dossier' })),
  maTTHC: Type.Optional(Type.String({ description: 'for LayThuTuc: the short or the long code of the procedure' })),
});
const Told = Type.Array(Type.Object({ path: Type.String(), message: Type.String() }));
/** The result of one item. For services that query, the requested record in the portal's own fields. */
const Entry = Type.Object({
  MaHoSo: Type.Optional(Type.String()),
  HOIDAPID: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
  index: Type.Optional(Type.Integer({ description: 'its place in data' })),
  outcome: Type.Optional(Type.String({ enum: ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'] })),
  problems: Type.Optional(Told),
  warnings: Type.Optional(Told),
});
const Reply = Type.Object({
  error_code: Type.Integer(),
  message: Type.Optional(
    Type.Unknown({ description: 'a text; for dptracuuthanhtoanhs what is to be paid, or an empty list' }),
  ),
  result: Type.Optional(Type.Array(Entry)),
  session: Type.Optional(Type.String()),
  receipt: Type.Optional(Type.String({ format: 'uuid' })),
});
/** In the shape of the dialect, so that its clients can read it. */
const REFUSED = {
  400: { description: 'The body is not JSON; `error_code` -1', schema: Reply },
  413: { description: 'The body is too large, or `data` has over 1,000 items; `error_code` -1', schema: Reply },
  415: { description: 'The encoding is not supported; `error_code` -1', schema: Reply },
};
const FAILED = {
  ...REFUSED,
  503: { description: 'The hub cannot store anything at the moment; `error_code` -1', schema: Reply },
};

/** Clients of the dialect check only `error_code`. A reply without it looks like an outage to them. */
async function answering(c: Context, hub: NationalPortalDoorContext, run: () => Promise<Answer>): Promise<Response> {
  try {
    return c.json({ error_code: 0, message: '', ...inLanguage(languageOf(c), await run()) });
  } catch (error) {
    const refusal = refusalOf(error);
    await hub.noteRefusal(c, error);
    // Refusals of the dialect are answers with status 200. A malformed request or a hub error shows in the status.
    const status =
      refusal.kind === 'unauthorized' || refusal.kind === 'forbidden' || refusal.kind === 'bad-request'
        ? 200
        : refusal.status;
    const message = render(refusal.words, languageOf(c));
    return c.json({ error_code: -1, message, result: [] }, status as 200, { ...refusal.headers });
  }
}

/** Enough for a user name and a password. Unknown senders get no larger limit. */
const MAX_LOGIN_BYTES = 16 * 1024;
const LOGIN_MS = 30_000;

async function login(c: Context, hub: NationalPortalDoorContext): Promise<Answer> {
  note(c, { operation: 'login' });
  const mostBytes = Math.min(hub.maxBodyBytes, MAX_LOGIN_BYTES);
  const body = await hub.bodies.ofAnonymous(c, (load) => readBody(c, mostBytes, { load, withinMs: LOGIN_MS }));
  const given = objectOf(parseWhole(body));
  const [username, password] = [argumentOf(given, 'username'), argumentOf(given, 'password')];
  await hub.guessLimit.check(c, hub.keys.byPassword(username, password));
  return { session: openSession(hub, username, password) };
}

/** @throws Refusal when the JSON value is not an object */
function objectOf(value: unknown): Call {
  if (isObject(value)) return value;
  throw new Refusal(
    'bad-request',
    say('unexpected', { got: kindOf(value), expected: say('one-object', { what: 'call' }) }),
  );
}

interface Request {
  readonly c: Context;
  readonly hub: NationalPortalDoorContext;
  readonly key: KeyEntry;
  readonly body: Buffer;
  readonly call: Call;
}

function call(c: Context, hub: NationalPortalDoorContext): Promise<Answer> {
  return hub.bodies.ofAnonymous(c, async (load) => {
    const peek = (start: Buffer): void => {
      const key = keyInStart(hub, start);
      if (!key) return;
      load.belongsTo(key.id);
      note(c, { keyName: key.id });
    };
    const body = await readBody(c, hub.maxBodyBytes, { load, peek });
    noteUnanswered(c, body);
    return load.work(body.length, () => answerCall(c, hub, body, load));
  });
}

const START_BYTES = 4 * 1024;

/** The key of the session at the start of a body. With it, the bytes no longer count for the address. */
function keyInStart(hub: SessionContext, start: Buffer): KeyEntry | undefined {
  const text = start.toString('latin1', 0, START_BYTES);
  const session = /"session"\s*:\s*"([\w.~+/=-]{1,500})"/.exec(text)?.[1];
  if (session === undefined) return undefined;
  try {
    return keyOfSession(hub, session);
  } catch {
    // The full read refuses it with a reason.
    return undefined;
  }
}

async function answerCall(c: Context, hub: NationalPortalDoorContext, body: Buffer, load: Load): Promise<Answer> {
  const given = objectOf(await parseWithList(body, 'data', MAX_ITEMS, EXACT));
  const key = keyOfSession(hub, argumentOf(given, 'session'));
  load.belongsTo(key.id);
  note(c, { body, keyName: key.id });
  if (key.party !== undefined) note(c, { party: key.party });
  const name = argumentOf(given, 'service');
  const service = Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined;
  if (!service)
    throw new Refusal('bad-request', say('portal-service', { got: received(name), list: Object.keys(SERVICES) }));
  return service({ c, hub, key, body, call: given });
}

const SERVICES: Readonly<Record<string, (request: Request) => Promise<Answer>>> = {
  DongBoHoSoMC: (request) => take(request, OF_DOSSIERS),
  CapNhatTienDoHoSoMC: (request) => take(request, { ...OF_DOSSIERS, operation: 'dossier.progress.v1' }),
  [REPORT_STATUS]: (request) => take(request, { ...OF_DOSSIERS, operation: 'dossier.progress.v1' }),
  DongBoHoiDap: (request) => take(request, OF_QUESTIONS),
  [SEND_ANSWERS]: (request) => take(request, OF_QUESTIONS),
  DongBoDanhGia: (request) => {
    if (!request.hub.portalDialect?.ratings) throw notConfigured('DongBoDanhGia', 'portalDialect.ratings');
    return take(request, OF_RATINGS);
  },
  dptracuuthanhtoanhs: ({ hub, call: given, key }) => findPayable(hub, given, key),
  ...Object.fromEntries(
    Object.entries(QUESTIONS).map(([name, answer]) => [
      name,
      async ({ hub, call: given, key }: Request) => ({ result: await answer(hub, given, key) }),
    ]),
  ),
};

/** What a service sends: its operation, its scope, and the name of an item's code in the reply. */
interface Sent {
  readonly operation: 'dossier.upsert.v1' | 'dossier.progress.v1' | 'question.upsert.v1' | 'rating.upsert.v1';
  readonly scope: Scope;
  nameOf(item: unknown, result: ItemResult): object;
}

const OF_DOSSIERS: Sent = {
  operation: 'dossier.upsert.v1',
  scope: 'dossier:write',
  nameOf: (_, { code }) => ({ MaHoSo: code ?? '' }),
};
const OF_RATINGS: Sent = { ...OF_DOSSIERS, operation: 'rating.upsert.v1', scope: 'rating:write' };
const OF_QUESTIONS: Sent = {
  operation: 'question.upsert.v1',
  scope: 'question:write',
  nameOf: (item) => ({ HOIDAPID: numberText(item) }),
};

async function take({ c, hub, key, body, call: given }: Request, { operation, scope, nameOf }: Sent): Promise<Answer> {
  note(c, { operation });
  requireScopes(key, scope);
  if (key.party === undefined) throw new Refusal('forbidden', say('key-without-party', { id: key.id }));
  // Refused, because a client that misspells the field must not get a success.
  if (isAbsent(given.data)) throw new Refusal('bad-request', say('data-missing'));
  const list = listOf(given.data);
  if (list.length > MAX_ITEMS)
    throw new Refusal('too-many', say('too-many-in-data', { count: list.length, most: MAX_ITEMS }));
  // Checked here once, and not again for a stored item, where a refusal would have no receiver.
  argumentOf(given, 'madonvi');
  await hub.codes.fresh();
  const nowMs = hub.nowMs();
  const party = key.party;
  const receivedAt = msToInstant(nowMs);
  const entered = hub.codes.at(party, nowMs);
  const facts = { party, receivedAt, province: hub.province?.code, ratings: hub.portalDialect?.ratings, entered };
  const items = await mapYielding(list, (item) =>
    withLeftBehind(hub, party, item, readItemOf(operation, item, given, facts)),
  );
  const { receipt, results } = await hub.pipeline.accept({
    receivedAt,
    party,
    door: DIALECT,
    operation,
    keyName: key.id,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    ...callerOf(c),
    items,
  });
  return {
    ...verdictOf(inLanguage(languageOf(c), results)),
    receipt,
    result: results.map(({ code, ...result }, at) => ({ ...nameOf(list[at], { code, ...result }), ...result })),
  };
}

/** Adds a warning about members that some receivers cannot get. */
function withLeftBehind(
  { routes, parties }: NationalPortalDoorContext,
  from: string,
  given: unknown,
  item: Item,
): Item {
  if (item.kind !== 'record' || item.operation !== 'dossier.upsert.v1') return item;
  const record = item.record as Dossier;
  const others = recipients(routes, from, item.operation, record).filter(
    (party) => parties.get(party)?.adapter.dialect !== DIALECT,
  );
  if (others.length === 0) return item;
  const warned = new Set(item.warnings.map(({ path }) => path));
  const added = placesOutsideRecord(given, record).filter((path) => !warned.has(path));
  const warnings = added.map((path) => problem(path, 'no-place-in-record', { list: others }));
  return { ...item, warnings: [...item.warnings, ...warnings] };
}

function verdictOf(results: readonly ItemResult[]): Answer {
  const invalid = results.find((result) => result.outcome === 'invalid');
  if (!invalid) return { error_code: 0, message: 'Thành công' };
  const why = invalid.problems?.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  return { error_code: -1, message: `data/${invalid.index}${invalid.code ? ` (${invalid.code})` : ''}: ${why}` };
}
