import {
  type Connection,
  type Exchange,
  jsonObject,
  nodesAt,
  retryAfterMs,
  textAt,
  textIn,
  textOf,
  withoutReply,
} from '#kit';
import {
  type Answer,
  coded,
  EXPIRED,
  type Failure as MinistryFailure,
  type Transport as MinistryTransport,
  meaningOf,
  type NoAnswer,
  noAnswer,
  readDocument,
  stuck,
  type TransportCall,
} from '#ministry';
import type { Settings } from './settings.ts';
import { codeOf, formOf, isPage, meaningOfStatus } from './statuses.ts';
import { wireOf } from './wire.ts';

type Ministry = Connection<Settings>;
type Reply = Extract<Exchange, { kind: 'reply' }>;

const TOKEN = 'access-token';
/** A token that does not say when it ends. */
const TOKEN_S = 600;
/** Names on the way to a list that is looked for in vain elsewhere. */
const DEEPEST_LIST = 5;
/** Of fixed headers. */
const SHORTEST_SECRET = 8;
/** It ends for us a little before it ends over there. */
const EARLY_S = 30;

/** How a ministry that speaks JSON or XML over HTTP is spoken to. */
export const transport: MinistryTransport<Settings> = {
  async call(connection, call) {
    const { settings, sessions, http, codes } = connection;
    const { question, request, idempotent, secret, hidden } = call;
    const wire = wireOf(settings, question, request);
    if ('kind' in wire) return wire;
    if (!('url' in wire)) return stuck(wire, undefined);
    const { headers, ...rest } = wire;
    const authorization = await authorizationOf(connection, call.session);
    if (typeof authorization === 'object') return authorization;
    const token = authorization === undefined ? [] : [authorization.slice(authorization.indexOf(' ') + 1)];
    const exchange = await http.exchange({
      ...{ ...rest, idempotent, secret, hide: [...hidden, ...token] },
      headers: {
        Accept: 'application/json',
        ...(authorization && { Authorization: authorization }),
        ...settings.headers,
        ...headers,
      },
    });
    if (exchange.kind !== 'reply') return withoutReply(exchange);
    const shown = (text: string): string => call.shown(token.reduce((all, one) => all.replaceAll(one, '***'), text));
    const answer = await answerOf(connection, exchange, { ...call, shown });
    const code = 'kind' in answer ? undefined : answer.code;
    const isExpired = code !== undefined && meaningOf(settings, codes, code) === 'expired';
    // Which of the two has ended nobody says. What a token does not allow the next one may.
    if (exchange.status === 401 || exchange.status === 403 || isExpired) sessions.drop(TOKEN, authorization);
    if (exchange.status !== 401 && !isExpired) return answer;
    const words = answer.message === undefined ? {} : { message: answer.message };
    return settings.session || renews(settings) || isExpired ? { ...EXPIRED, ...words } : answer;
  },
  secrets: ({ headers = {}, security }) => [
    // A short one is a name, such as that of a province, which stands in every dossier's number.
    ...Object.values(headers).filter((text) => text.length >= SHORTEST_SECRET),
    ...(security?.kind === 'basic' ? [security.password] : []),
    ...(security?.kind === 'bearer' ? [security.token] : []),
    ...(security?.kind === 'oauth2' ? [security.clientSecret] : []),
  ],
  renews,
};

function renews({ security }: Settings): boolean {
  return security?.kind === 'oauth2';
}

const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

async function authorizationOf(
  connection: Ministry,
  session: string | undefined,
): Promise<string | undefined | MinistryFailure> {
  const { settings, sessions } = connection;
  switch (settings.security?.kind) {
    case 'basic':
      return basic(settings.security.username, settings.security.password);
    case 'bearer':
      return `Bearer ${settings.security.token}`;
    case 'session':
      return session === undefined ? undefined : `Bearer ${session}`;
    case 'oauth2':
      return sessions.get(TOKEN, () => fetchToken(connection));
    default:
      return undefined;
  }
}

interface Kept {
  readonly value: string | MinistryFailure;
  readonly ttlMs: number;
}

/** A token by client credentials (RFC 6749, 4.4). Without one nothing was told to the ministry yet. */
async function fetchToken({ settings, http, now }: Ministry): Promise<Kept> {
  const { tokenUrl, clientId, clientSecret, scope, form } = settings.security as Extract<
    Settings['security'],
    { kind: 'oauth2' }
  >;
  const isInBody = form === 'body';
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope && { scope }),
    ...(isInBody && { client_id: clientId, client_secret: clientSecret }),
  });
  const exchange = await http.exchange({
    ...{ method: 'POST', url: tokenUrl, body: `${body}`, idempotent: true, secret: true },
    headers: {
      ...{ Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
      ...(!isInBody && { Authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret)) }),
    },
  });
  const failed = (reason: string, words: string, afterMs?: number): Kept => ({
    value: {
      ...{ kind: 'unavailable', reason, message: `asking for a token: ${words}` },
      ...(afterMs !== undefined && { retryAfterMs: afterMs }),
    },
    ttlMs: 0,
  });
  if (exchange.kind !== 'reply') return failed(exchange.reason, exchange.message);
  const { status, headers } = exchange;
  const answer = jsonObject(exchange.body);
  const token = textOf(answer?.access_token);
  const isGiven = status >= 200 && status < 300;
  if (isGiven && token !== undefined && /^[\x21-\x7e]+$/.test(token)) {
    const seconds = Number(answer?.expires_in ?? TOKEN_S);
    return {
      value: `Bearer ${token}`,
      ttlMs: Math.max((Number.isFinite(seconds) ? seconds : TOKEN_S) - EARLY_S, 1) * 1000,
    };
  }
  // The codes of RFC 6749, 5.2, which are no words of a person.
  const error = /^[a-z_]{1,40}$/.exec(textOf(answer?.error) ?? '')?.[0];
  const isOurs = status === 400 || status === 401 || status === 403;
  const message = `status ${status}${error ? `, ${error}` : ''}${isGiven ? ', and no access_token' : ''}`;
  return failed(isOurs ? 'credentials' : 'login-failed', message, retryAfterMs(headers, now()));
}

/** The body as text, in the character set that it says; undefined where it is not in it. */
function decoded({ headers, body }: Reply): string | undefined {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** What is said by a reply; its words are fit for logs. */
async function answerOf(
  connection: Ministry,
  exchange: Reply,
  call: TransportCall,
): Promise<Answer | NoAnswer | MinistryFailure> {
  const text = decoded(exchange);
  const isSuccess = exchange.status >= 200 && exchange.status < 300;
  if (isSuccess && text === undefined)
    return noAnswer('charset', 'its bytes are not in the character set that it says');
  const answer = isSuccess
    ? await read(text as string, exchange.status, call, connection)
    : await meaningOfStatus(connection, exchange, text, call.shown);
  if ('kind' in answer) return answer;
  const [{ message }, wait] = [answer, retryAfterMs(exchange.headers, connection.now())];
  return {
    ...answer,
    ...(message !== undefined && { message: call.shown(message) }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
}

async function read(
  text: string,
  status: number,
  call: TransportCall,
  { settings, codes }: Ministry,
): Promise<Answer | NoAnswer | MinistryFailure> {
  if (isPage(text))
    return { kind: 'unavailable', reason: 'html', message: `status ${status}, and a page where an answer has to be` };
  const given = await documentIn(text, call, settings);
  const answer = 'kind' in given ? given : coded(settings, given.content, given.records);
  if (!('kind' in answer) && answer.code !== undefined)
    return meaningOf(settings, codes, answer.code) === 'ok' ? notElsewhere(answer, call) : answer;
  const code = codeOf(status);
  const said = meaningOf(settings, codes, code);
  if (said === undefined) return 'kind' in answer ? answer : proven(answer, text, call);
  // That a call went well shows nothing of what there is: a list that is taken for an empty one is lost.
  const isToShow = said === 'ok' && call.records !== undefined && status !== 204;
  if ('kind' in given) return isToShow ? given : { content: {}, records: [], code };
  const shows = isToShow ? proven(given, text, call) : given;
  return 'kind' in shows ? shows : { ...shows, code };
}

/** An answer that has a list, and not where the settings look for it, is not one that there is nothing in. */
function notElsewhere(answer: Answer, { records }: TransportCall): Answer | NoAnswer {
  if (records === undefined || answer.records.length > 0 || hasAt(answer.content, records)) return answer;
  const other = listIn(answer.content);
  return other === undefined ? answer : noAnswer('no-records', `it has no ${records}, and a list at ${other}`);
}

/** The path of the first list of objects. */
function listIn(node: unknown, path: readonly string[] = []): string | undefined {
  if (typeof node !== 'object' || node === null || path.length > DEEPEST_LIST) return undefined;
  if (Array.isArray(node)) return node.some((one) => typeof one === 'object' && one) ? path.join('.') : undefined;
  for (const [name, inner] of Object.entries(node)) {
    const found = listIn(inner, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A status alone shows nothing: a page of maintenance and a proxy have it too. A list does, and a receipt. */
function proven(
  answer: Answer,
  text: string,
  { question, records, reference, idempotent }: TransportCall,
): Answer | NoAnswer {
  if (records !== undefined && answer.records.length === 0) {
    // Where an element would stand that there is none of: only what is around it.
    const isXml = (question.result?.form ?? formOf(text)) === 'xml';
    const isThere = isXml ? nodesAt(answer.content, above(records)).length > 0 : hasAt(answer.content, records);
    if (!isThere) return noAnswer('no-records', `it has no ${records}, which shows that it is an answer`);
  }
  if (!idempotent && (reference === undefined || textAt(answer.content, reference) === undefined))
    return noAnswer(
      'no-receipt',
      `it has no ${reference ?? 'receipt'}, and its status is not among the codes in the settings`,
    );
  return answer;
}

const above = (path: string): string => path.split('.').slice(0, -1).join('.');

/** Whether anything stands there, be it an empty list. */
function hasAt(content: unknown, path: string): boolean {
  const last = path.slice(path.lastIndexOf('.') + 1);
  return nodesAt(content, above(path)).some(
    (node) => typeof node === 'object' && node !== null && (last === '*' || Object.hasOwn(node, last)),
  );
}

/** What it is made of: of a body that says where its document is, both. */
async function documentIn(
  text: string,
  { question: { result }, records }: TransportCall,
  settings: Settings,
): Promise<Answer | NoAnswer> {
  const form = formOf(text);
  const { answer: _, ...unsaid } = settings;
  const whole = await readDocument(text, { form, place: 'body', records: result ? undefined : records }, unsaid);
  if ('kind' in whole) return whole;
  if (!result) return whole;
  const inner = textOfNode(nodesAt(whole.content, result.at)[0]);
  // It says why there is none.
  if (inner === undefined)
    return settings.answer?.code === undefined ? noAnswer('empty', `its ${result.at} is empty`) : whole;
  const within = await readDocument(inner, { form: result.form, place: result.at, records }, unsaid);
  if ('kind' in within) return within;
  return { content: { ...(whole.content as object), ...(within.content as object) }, records: within.records };
}

/** Some put the document there as JSON where others put it as a text. */
function textOfNode(node: unknown): string | undefined {
  return typeof node === 'object' && node !== null && textIn(node) === undefined ? JSON.stringify(node) : textIn(node);
}
