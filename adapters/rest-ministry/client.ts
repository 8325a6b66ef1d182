import { fetchOAuthToken, outcomeWithoutReply } from '#kit';
import {
  EXPIRED,
  type Failure as MinistryFailure,
  type Transport as MinistryTransport,
  meaningOf,
  unmappedRequest,
} from '#ministry';
import { answerOf, type Ministry } from './answer.ts';
import type { Settings } from './settings.ts';
import { tokenQuestion } from './token.ts';
import { wireOf } from './wire.ts';

const TOKEN = 'access-token';

/** Fixed headers that are shorter are no secrets. */
const SHORTEST_SECRET = 8;

/** Calls a ministry that speaks JSON or XML over HTTP. */
export const transport: MinistryTransport<Settings> = {
  carriesFiles: true,
  async call(connection, call) {
    const { settings, sessions, http, codes, files } = connection;
    const { question, request, idempotent, isCounted, secret, hidden } = call;
    const wire = wireOf(settings, question, request);
    if ('kind' in wire) return wire;
    if (!('url' in wire)) return unmappedRequest(wire, undefined);
    const { headers, json, parts, ...rest } = wire;
    const form = parts && (await files.multipart(parts));
    if (form && 'kind' in form) return form;
    const body = form?.body ?? (json ? await files.json(json) : rest.body);
    if (typeof body === 'object' && 'kind' in body) return body;
    const authorization = await authorizationOf(connection, call.session);
    if (typeof authorization === 'object') return authorization;
    const token = authorization === undefined ? [] : [authorization.slice(authorization.indexOf(' ') + 1)];
    const exchange = await http.exchange({
      ...rest,
      body,
      idempotent: idempotent && !isCounted,
      secret,
      hide: [...hidden, ...token],
      headers: {
        Accept: 'application/json',
        Authorization: authorization,
        'Content-Type': form?.contentType,
        ...settings.headers,
        ...headers,
      },
    });
    if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
    const shown = (text: string): string => call.shown(token.reduce((all, one) => all.replaceAll(one, '***'), text));
    const answer = await answerOf(connection, exchange, { ...call, shown });
    const { code, message } = 'kind' in answer ? { code: undefined, message: undefined } : answer;
    const isExpired = code !== undefined && meaningOf(settings, codes, code, message) === 'expired';
    // The reply does not say which of the two has ended. After a 403 a new token may be allowed more.
    if (exchange.status === 401 || exchange.status === 403 || isExpired) sessions.drop(TOKEN, token[0]);
    if (exchange.status !== 401 && !isExpired) return answer;
    const words = answer.message === undefined ? {} : { message: answer.message };
    return settings.session || renews(settings) || isExpired ? { ...EXPIRED, ...words } : answer;
  },
  secrets: ({ headers = {}, security }) => [
    // A short value is a name, such as a province code. It occurs in every dossier's number, so hiding it would hide
    // too much.
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

async function authorizationOf(
  connection: Ministry,
  session: string | undefined,
): Promise<string | undefined | MinistryFailure> {
  const { settings, sessions } = connection;
  const { security } = settings;
  switch (security?.kind) {
    case 'basic':
      return `Basic ${Buffer.from(`${security.username}:${security.password}`).toString('base64')}`;
    case 'bearer':
      return `Bearer ${security.token}`;
    case 'session':
      return session === undefined ? undefined : `Bearer ${session}`;
    case 'oauth2': {
      const token = await sessions.login(TOKEN, () => fetchOAuthToken(connection, tokenQuestion(security, settings)));
      return typeof token === 'string' ? `Bearer ${token}` : token;
    }
    default:
      return undefined;
  }
}
