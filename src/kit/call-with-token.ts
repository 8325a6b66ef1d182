import type { Outcome } from '#core/dossier/settle';
import { say, type Words } from '#messages/message';
import type { Connection } from './connection.ts';
import type { Call, Exchange } from './http/exchange.ts';
import { retryAfterMs } from './http/retry-after.ts';
import type { FetchedToken } from './oauth-token.ts';
import { unavailable } from './outcomes.ts';
import { outcomeWithoutReply } from './replies.ts';

export type Reply = Extract<Exchange, { kind: 'reply' }>;
type Failure = Extract<Outcome, { kind: 'unavailable' | 'unknown' }>;

interface TokenCall {
  /** The call, without the header `Authorization`. */
  readonly call: Call;
  logIn(): Promise<FetchedToken>;
  /** A reply in a few words, without secrets and people. */
  describe(reply: Reply): Words;
}

const TOKEN = 'token';

/** One call with the party's token. A rejected token is fetched again once: a rejected call has had no effect. */
export async function callWithToken(
  { http, sessions, now }: Pick<Connection, 'http' | 'sessions' | 'now'>,
  { call, logIn, describe }: TokenCall,
): Promise<Reply | Failure> {
  for (let attempt = 1; ; attempt++) {
    const authorization = await sessions.login(TOKEN, logIn, (text) => `Bearer ${text}`);
    if (typeof authorization !== 'string') return authorization;
    const headers = { ...call.headers, Authorization: authorization };
    const exchange = await http.exchange({ ...call, headers, hide: [authorization.slice('Bearer '.length)] });
    if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
    const { status } = exchange;
    if (status === 429 || status === 503)
      return unavailable(`status-${status}`, describe(exchange), retryAfterMs(exchange.headers, now()));
    if (status !== 401) return exchange;
    sessions.drop(TOKEN, authorization);
    if (attempt === 2) return unavailable('credentials', say('key-refused', { why: describe(exchange) }));
  }
}
