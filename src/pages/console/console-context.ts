import type { AppContext } from '../../http/app-context.ts';
import type { Attempts } from '../../http/audit-limit.ts';
import type { Refusal } from '../../http/problem.ts';
import type { EndedSessions } from '../../ledger/ended-sessions.ts';

/** What the screens of the console share. */
export interface ConsoleContext
  extends Pick<AppContext, 'vault' | 'nowMs' | 'telemetry' | 'province' | 'clients' | 'guessLimit'> {
  /** Sessions that an officer ended before their time. */
  readonly endedSessions: EndedSessions;
  /** The audit of sign-ins. */
  readonly attempts: Attempts;
  /** Whether a key of the configuration has this id. */
  readonly isKey: (id: string) => boolean;
  /** The refusal that an error becomes, as for the API. */
  readonly refusalOf: (error: unknown) => Refusal;
}
