import { say, type Words } from '#messages/message';
import { type Anchor, followChain, loadAnchors, saveAnchor } from '../ledger/audit-chain.ts';
import { HUB, inOneProcess } from '../ledger/incidents.ts';
import type { WatchContext } from './watch-context.ts';

/**
 * Checks the audit entries after the last signed one, and signs the newest.
 *
 * An entry that does not fit the chain opens an incident, and nothing is signed until it is resolved. A
 * signature over later entries would make a tampered entry look genuine.
 *
 * The process also remembers what it signed, so nobody can restore an earlier state of the table while the hub
 * runs. It logs the signature once a day, as a record outside the database.
 */
export function createAuditWatch({ database, vault, alerts, telemetry, nowMs }: WatchContext): () => Promise<void> {
  let signed: Anchor | undefined;
  let loggedDay: string | undefined;

  async function watch(): Promise<void> {
    const { anchors, forged } = await loadAnchors(database, vault);
    const kept = anchors.at(-1);
    const last = signed && signed.position > (kept?.position ?? 0) ? signed : kept;
    const followed = await followChain(database, last, [], vault);
    const broken = followed.broken ?? (forged.length > 0 ? forgedCause(forged) : undefined);
    if (broken !== undefined) return alerts.open(HUB, 'audit-broken', broken);
    await alerts.close(HUB, ['audit-broken']);
    const { upTo } = followed;
    signed = upTo;
    if (upTo.position === (kept?.position ?? 0)) return;
    const day = await saveAnchor(database, vault, upTo, nowMs());
    if (day !== loggedDay) telemetry.log.info({ entries: upTo.position, link: upTo.link }, 'audit signed');
    loggedDay = day;
  }

  // One process signs at a time. Another process may have signed more entries in the meantime.
  return () => inOneProcess(database, 'audit', watch);
}

function forgedCause(days: readonly string[]): Words {
  return say('audit-signature-wrong', { days });
}
