import { render } from '#messages/render';
import type { Database } from '../../database/pool.ts';
import { followChain, loadAnchors } from '../../ledger/audit-chain.ts';
import type { Vault } from '../../secrets/vault.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('audit');
const ADVICE = 'somebody wrote to the table past the hub, or it is damaged: compare it with a backup and with the log';

/** Checks that the audit is unchanged, from its first entry to its newest. */
export async function checkAudit(database: Database, vault: Pick<Vault, 'verify'>): Promise<readonly Finding[]> {
  const { rows } = await database.pool.query<{ there: boolean }>(
    `SELECT to_regclass('audit_head') IS NOT NULL AS there`,
  );
  if (!rows[0]?.there) return [];
  const { anchors, forged } = await loadAnchors(database, vault);
  const { upTo, broken } = await followChain(database, undefined, anchors, vault);
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
  ];
}
