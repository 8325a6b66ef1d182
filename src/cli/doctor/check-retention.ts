import type { HubFile } from '../../config/config.ts';
import { retentionPlan } from '../../config/retention.ts';
import type { Database } from '../../database/pool.ts';
import { countRetained, monthsBefore } from '../../index/retained.ts';
import { countHolds } from '../../ledger/legal-holds.ts';
import { hasTable } from './check-database.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('retention');
const WEEK_MS = 7 * 86_400_000;

/** Personal data whose time is over, and whether the hub erases it. */
export async function checkRetention(
  database: Database,
  { retention, retentionMonths }: HubFile,
  nowMs: number,
): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'erasures'))) return [];
  const { rules } = retentionPlan(retention, retentionMonths);
  if (rules.length === 0)
    return [finding('info', 'personal data stays for good: `retention` of HUB_CONFIG sets no time')];
  const found: Finding[] = [];
  for (const { kind, state, months } of rules) {
    const { due, held } = await countRetained(database, { kind, state, before: monthsBefore(nowMs, months) });
    const late = await countRetained(database, { kind, state, before: monthsBefore(nowMs - WEEK_MS, months) });
    const what = `${kind} ${state} after ${months} months: ${due} are due, ${held} stay under a legal hold`;
    const advice = `${late.due} are due for more than a week: start a process with the role scheduler, and see hub_failures_total`;
    found.push(late.due > 0 ? finding('warn', what, advice) : finding('ok', what));
  }
  const holds = await countHolds(database);
  return holds === 0 ? found : [...found, finding('info', `${holds} legal holds are in force`)];
}
