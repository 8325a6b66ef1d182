import type { Context } from 'hono';
import type { Rule } from '#core/statistics/rules';
import type { CatalogueReader } from '../catalogue/read.ts';
import type { AppContext } from '../http/app-context.ts';
import type { Refusal } from '../http/problem.ts';
import type { MakeReport } from '../http/remembered-reports.ts';
import type { StatisticsQuery } from '../http/statistics-question.ts';
import type { HubStatus } from '../ledger/hub-status.ts';
import type { NamedMonths, StatisticsReport } from '../statistics/statistics.ts';
import type { Say } from './language.ts';
import type { Shown } from './layout.ts';

/** What the pages for citizens need. */
export interface PageContext
  extends Pick<
    AppContext,
    'nowMs' | 'telemetry' | 'province' | 'parties' | 'clients' | 'cursors' | 'reportingDay' | 'workingTime' | 'kinds'
  > {
  readonly catalogue: Pick<CatalogueReader, 'one' | 'list' | 'count' | 'offered' | 'agencies' | 'keys'> & {
    readonly versionsOf: CatalogueReader['versions']['of'];
  };
  readonly records: Pick<AppContext['records'], 'queued'>;
  /** Reports for visitors without a key. See rememberReports. */
  readonly statistics: MakeReport<StatisticsQuery, StatisticsReport>;
  /** The last 24 months of the busiest agencies by a rule, remembered in the same way. */
  readonly monthly: MakeReport<Rule, NamedMonths>;
  /** How the hub itself is, with a page of its interruptions, remembered for a few seconds. */
  readonly status: MakeReport<number, HubStatus>;
  /** The refusal that an error becomes, as for the API. */
  readonly refusalOf: (error: unknown) => Refusal;
}

/** Answers with a page for citizens. */
export type ShowPage = (
  c: Context,
  build: (say: Say) => Pick<Shown, 'title' | 'isTitleVietnamese' | 'body' | 'head' | 'assets' | 'asked' | 'status'>,
) => Response | Promise<Response>;
