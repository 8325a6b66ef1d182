import type { CodesOf } from '#core/identifiers/codes';
import type { Http } from './http/exchange.ts';
import type { Sessions } from './session.ts';

/** The means that an adapter is given. It opens no socket, reads no clock and no environment of its own. */
export interface Connection<Settings = unknown> {
  /** The party's id in the configuration: two parties may use one adapter. */
  readonly party: string;
  readonly settings: Settings;
  readonly http: Http;
  readonly sessions: Sessions;
  /** What operators have entered of the party's code tables: it comes before the adapter's own tables. */
  readonly codes: CodesOf;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
