import { msToInstant } from '#core/dates/dates';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { type CompleteList, findShortList, isPullOrdered, retireOthers } from '../catalogue/retire-others.ts';
import type { ClaimedPull } from '../ledger/pulls.ts';
import type { HubContext } from '../process/hub-context.ts';

const TOO_FEW = { service: 'too-few-services', agency: 'too-few-agencies', field: 'too-few-fields' } as const;

/**
 * Ends the catalogue entries that a complete list no longer has. If a large share would end at once, none does, and an
 * incident says so. An operator who orders the pull while the incident is open confirms the list.
 */
export async function endMissing(
  { database, alerts, nowMs }: Pick<HubContext, 'database' | 'alerts' | 'nowMs'>,
  pull: ClaimedPull,
  complete: CompleteList,
): Promise<void> {
  const { party, name } = pull;
  const code = TOO_FEW[complete.kind];
  const about = `${name}: ${EN[code].split('{')[0]}`;
  const short = await findShortList(database, party, complete);
  if (short && !(await isPullOrdered(database, pull, about))) {
    const why = say(code, { missing: short.missing, count: short.inForce });
    return alerts.open(party, 'pull-incomplete', say('of-pull', { name, why }));
  }
  await retireOthers(database, party, complete, msToInstant(nowMs()));
  await alerts.close(party, ['pull-incomplete'], about);
}
