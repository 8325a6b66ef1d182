import { type Anchor, followChain, loadAnchors, saveAnchor } from '../ledger/audit-chain.ts';
import { HUB, withTellersTurn } from '../ledger/incidents.ts';
import type { WatchContext } from './watch-context.ts';

/**
 * Follow the audit's entries from the last one that was signed, and sign the newest. What does not fit is an incident, and
 * nothing is signed until it does: an entry that was tampered with must not be made a true one by signing what follows it.
 *
 * What was signed is remembered here besides, so that the table cannot be put back to an earlier state while the hub runs;
 * and it is logged once a day, so that it stands outside of the database too.
 */
export function createAuditWatch({ database, vault, alerts, telemetry, nowMs }: WatchContext): () => Promise<void> {
  let signed: Anchor | undefined;
  let loggedDay: string | undefined;

  async function watch(): Promise<void> {
    const { anchors, forged } = await loadAnchors(database, vault);
    const kept = anchors.at(-1);
    const last = signed && signed.position > (kept?.position ?? 0) ? signed : kept;
    const followed = await followChain(database, last);
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

  // One process at a time: another one may have signed more by the time that this one does.
  return () => withTellersTurn(database, watch);
}

function forgedCause(days: readonly string[]): string {
  return `what was signed on ${days.join(', ')} is not signed with a secret that HUB_SECRET or HUB_SECRET_OLD gives`;
}
