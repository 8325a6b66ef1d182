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
  /** The call with this token. */
  call(token: string | undefined): Call;
  /** Fetches a token, or the fixed one of the settings. Absent if the partner takes none. */
  readonly token: (() => Promise<FetchedToken>) | string | undefined;
  /** A reply in a few words, without secrets and people. */
  describe(reply: Reply): Words;
}

const TOKEN = 'token';

/**
 * One call with the party's token. A rejected token is fetched again once: a rejected call has had no effect. The same holds
 * for a call that the partner is too busy for.
 */
export async function callWithToken(
  { http, sessions, now }: Pick<Connection, 'http' | 'sessions' | 'now'>,
  { call, token: given, describe }: TokenCall,
): Promise<Reply | Failure> {
  for (let attempt = 1; ; attempt++) {
    const token = typeof given === 'function' ? await sessions.login(TOKEN, given) : given;
    if (typeof token === 'object') return token;
    const { hide = [], ...rest } = call(token);
    const exchange = await http.exchange({ ...rest, hide: token === undefined ? hide : [...hide, token] });
    if (exchange.kind !== 'reply') return outcomeWithoutReply(exchange);
    const { status } = exchange;
    if (status === 429 || status === 503)
      return unavailable(`status-${status}`, describe(exchange), retryAfterMs(exchange.headers, now()));
    if (status !== 401 && status !== 403) return exchange;
    // A later token may be allowed what this one is not.
    sessions.drop(TOKEN, token);
    if (status === 403 || attempt === 2 || typeof given !== 'function')
      return unavailable('credentials', say('key-refused', { why: describe(exchange) }));
  }
}
