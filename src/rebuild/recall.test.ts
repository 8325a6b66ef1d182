import { expect, test } from 'vitest';
import { RELEASE_DOOR } from '../parties/read-again.ts';
import { createRecall, type RecallDeps } from './recall.ts';
import type { RecordedMessage } from './recorded-messages.ts';

const ID = (n: number): string => `01a220b8-12e3-7000-9d0b-00000000000${n}`;
const AT = '2025-08-12T08:00:00+07:00';

/** Recalls the release of an item of message `n`, whose body has nine MiB. */
function releases() {
  const read: number[] = [];
  const row = (id: string) => ({
    id,
    received_at: AT,
    party: 'p',
    door: 'rest',
    operation: 'o',
    body_key: 1,
    body: BODY,
    emptied_at: null,
  });
  const live = {
    pool: { query: async () => ({ rows: [] }) },
    query: {
      selectFrom: () => ({
        selectAll: () => ({
          where: (_: string, __: string, id: string) => ({ executeTakeFirst: async () => row(id) }),
        }),
      }),
    },
  };
  const vault = { open: ({ bytes }: { bytes: Buffer }) => bytes };
  const readers = {
    rest: async ({ id }: { id: string }) => {
      read.push(Number(id.at(-1)));
      return [];
    },
  };
  const kinds = { of: () => undefined };
  const recall = createRecall({ live, vault, kinds, readers, parties: new Map() } as unknown as RecallDeps);
  const release = async (n: number): Promise<void> => {
    const body = Buffer.from(JSON.stringify({ messageId: ID(n), item: 0 }));
    const message = { id: 'r', receivedAt: AT, party: 'p', door: RELEASE_DOOR, operation: 'o', body, results: [] };
    await recall(message as unknown as RecordedMessage, () => []);
  };
  return { read, release };
}

const BODY = Buffer.alloc(9 * 1024 * 1024);

test('a rebuild reads a message once for items in a row, and keeps few bytes of such messages', async () => {
  const { read, release } = releases();
  for (const n of [1, 1, 2, 2, 3, 3, 1]) await release(n);
  expect(read).toEqual([1, 2, 3, 1]);
});
