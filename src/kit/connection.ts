import type { CodesOf } from '#core/identifiers/codes';
import type { Files } from './files.ts';
import type { Http } from './http/exchange.ts';
import type { Places } from './places/places.ts';
import type { Sessions } from './session.ts';

/** What an adapter may use. It opens no socket and reads neither clock nor environment itself. */
export interface Connection<Settings = unknown> {
  /** The party's id in the configuration. Two parties may use one adapter. */
  readonly party: string;
  readonly settings: Settings;
  readonly http: Http;
  readonly sessions: Sessions;
  /** Folders and SFTP servers where partners leave files, and workbooks. */
  readonly places: Places;
  /** Files that records name. */
  readonly files: Files;
  /** The operators' entries in the party's code tables. They take precedence over the adapter's tables. */
  readonly codes: CodesOf;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
