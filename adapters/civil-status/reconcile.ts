import {
  type Comparison,
  type Item,
  type Outgoing,
  type Reconciler,
  say,
  serviceKey,
  unavailable,
  unmapped,
} from '#kit';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { CivilStatus } from './client.ts';
import { readResults } from './progress.ts';
import { OVER } from './register.ts';
import { askAbout, JSON_TYPE } from './results.ts';
import { MODULES_ENTERED, moduleOf, type Settings } from './settings.ts';

/**
 * Compares whether the ministry has the dossier, and whether the hub knows the end of a finished one. Nothing else is
 * compared: the ministry does not return the registered content, and its intermediate steps are its own.
 */
export const reconcile = {
  async compare(connection: CivilStatus, { record }: Outgoing<'dossier.upsert.v1'>): Promise<Comparison> {
    const entry = moduleOf(connection, record.serviceCode);
    if (!entry) return { kind: 'failed', outcome: unmapped(MODULES_ENTERED, serviceKey(record.serviceCode)) };
    // It was never registered.
    if (!record.receivedAt) return AS_TOLD;
    const answers = await askAbout(connection, entry.module, [record]);
    if ('kind' in answers) return { kind: 'failed', outcome: answers };
    const [failure] = answers.failures;
    if (failure) return { kind: 'failed', outcome: failure };
    const [body] = answers.bodies as readonly [Uint8Array];
    const item = readResults(body, connection.settings, connection.codes)[0];
    // Dossiers that ended before their receipt at the counter were not registered either.
    if (!item) return OVER.has(record.status) ? AS_TOLD : { kind: 'absent' };
    if (item.kind === 'invalid')
      return {
        kind: 'failed',
        outcome: unavailable(
          'no-results',
          say('problems', { problems: item.problems.map(({ code, args }) => ({ code, args })) }),
        ),
      };
    return { kind: 'found', differences: differences(record, item), answer: { body, mediaType: JSON_TYPE } };
  },
  read: readResults,
} satisfies Reconciler<Settings>;

const AS_TOLD: Comparison = { kind: 'found', differences: [] };

function differences(record: Dossier, item: Exclude<Item, { kind: 'invalid' }>) {
  const theirs = item.kind === 'record' ? (item.record as Progress).status : undefined;
  if (theirs !== undefined && (!OVER.has(theirs) || OVER.has(record.status))) return [];
  return [{ path: '/trangThai', ours: record.status, theirs: theirs ?? 'unmapped' }];
}
