import type { AppContext } from '../../http/app-context.ts';
import type { Attempts } from '../../http/audit-limit.ts';
import type { Refusal } from '../../http/problem.ts';
import type { MakeReport } from '../../http/remembered-reports.ts';
import type { Slots } from '../../http/slots.ts';
import type { StatisticsQuery } from '../../http/statistics-question.ts';
import type { EndedSessions } from '../../ledger/ended-sessions.ts';
import type { StatisticsReport } from '../../statistics/statistics.ts';

/** What the screens of the console need. */
export interface ConsoleContext
  extends Pick<
    AppContext,
    | 'vault'
    | 'nowMs'
    | 'telemetry'
    | 'province'
    | 'clients'
    | 'guessLimit'
    | 'parties'
    | 'nextChange'
    | 'isDraining'
    | 'reportingDay'
    | 'bodies'
    | 'maxBodyBytes'
  > {
  /** The numbers that citizens see, too. See rememberReports. */
  readonly report: MakeReport<StatisticsQuery, StatisticsReport>;
  /** Sessions that an officer ended early. */
  readonly endedSessions: EndedSessions;
  /** The audit of sign-ins. */
  readonly attempts: Attempts;
  /** The open streams of each key. */
  readonly openStreams: Slots;
  /** Whether a key of the configuration has this id. */
  readonly isKey: (id: string) => boolean;
  /** Converts an error to a refusal, as the API does. */
  readonly refusalOf: (error: unknown) => Refusal;
}
