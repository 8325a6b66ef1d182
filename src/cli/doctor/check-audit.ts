import { DAY_MS, msToInstant } from '#core/dates/dates';
import { render } from '#messages/render';
import type { Database } from '../../database/pool.ts';
import { findLateSigned, followChain, loadAnchors } from '../../ledger/audit-chain.ts';
import type { Vault } from '../../secrets/vault.ts';
import { hasTable } from './check-database.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('audit');
const ADVICE = 'somebody wrote to the table past the hub, or it is damaged: compare it with a backup and with the log';
const LATE_ADVICE =
  'no scheduler ran then, or somebody deleted signatures and changed the entries: compare them with the lines "audit signed" of the log';
/** Older gaps were shown in their time. */
const LATE_DAYS = 30;

/** Checks that the audit is unchanged, from its first entry to its newest. */
export async function checkAudit(
  database: Database,
  vault: Pick<Vault, 'verify'>,
  nowMs = Date.now(),
): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'audit_head'))) return [];
  const { anchors, forged } = await loadAnchors(database, vault);
  const { upTo, broken } = await followChain(database, undefined, anchors, vault);
  const sinceDay = msToInstant(nowMs - LATE_DAYS * DAY_MS).slice(0, 10);
  const late = await findLateSigned(database, anchors, sinceDay, nowMs);
  return [
    broken === undefined
      ? finding('ok', `its ${upTo.position} entries are linked as they were written`)
      : finding('fail', `${render(broken, 'en')}; the ${upTo.position} before are as they were written`, ADVICE),
    ...(forged.length > 0
      ? [
          finding(
            'fail',
            `what was signed on ${forged.join(', ')} is not signed with HUB_SECRET or HUB_SECRET_OLD`,
            'give the secret of that time in HUB_SECRET_OLD, and run lienthong keys reseal; otherwise it is forged',
          ),
        ]
      : []),
    ...(late
      ? [
          finding(
            'warn',
            `${late.entries} entries from ${late.first} to ${late.last} were not signed by the end of the next day`,
            LATE_ADVICE,
          ),
        ]
      : []),
  ];
}
