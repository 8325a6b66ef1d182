import { expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import { ownershipInTime } from '#core/dossier/ownership';
import { migratedDatabase } from '../../tests/support/database.ts';
import { dossier } from '../../tests/support/hub.ts';
import { openDatabase } from '../database/pool.ts';
import { hubKinds } from '../foundation/hub-kinds.ts';
import { createVault } from '../secrets/vault.ts';
import { createLane } from './lane.ts';
import type { Recalled } from './recall.ts';
import { withFreshSchema } from './schema.ts';

const EARLIER = '0198a000-0000-7000-8000-000000000001';
const LATER = '0198a000-0000-7000-8000-000000000002';

const message = (id: string, statusAt: string): Recalled => {
  const rest = {
    door: 'rest',
    operation: 'dossier.upsert.v1',
    keyName: undefined,
    mediaType: 'application/json',
  } as const;
  const items = [readItem('dossier.upsert.v1', dossier({ statusAt }))];
  const receivedAt = '2025-08-14T08:00:00.000+07:00';
  const submission = { ...rest, party: 'one-stop', receivedAt, receipt: id, body: undefined, bodyBytes: 2, items };
  return { id, submission, released: undefined, expected: ['accepted'], unreadable: [] };
};

test('one of several lanes refuses a message that comes after a later one of its dossier', async () => {
  const made = await migratedDatabase();
  const live = openDatabase(made.url, { size: 3 });
  try {
    const refused = withFreshSchema(live, async (beside) => {
      const lane = createLane({
        ...{ live, beside, isOneOfMany: true },
        vault: createVault(['a secret of at least thirty-two bytes']),
        kinds: hubKinds({ file: { province: { code: 'H60', name: 'Tỉnh' } } }).kinds,
        ownership: ownershipInTime([{ since: '', rules: { parties: [], routes: [] } }]),
        ownedSince: '',
        stepsAreByMoment: () => false,
      });
      expect(await lane.apply([message(LATER, '2025-08-13T09:00:00+07:00')])).toEqual([]);
      await lane.apply([message(EARLIER, '2025-08-12T09:00:00+07:00')]);
    });
    await expect(refused).rejects.toMatchObject({
      code: 'OUT_OF_ORDER',
      message: `message ${EARLIER} came after ${LATER}`,
    });
  } finally {
    await live.close();
    await made.drop();
  }
});
