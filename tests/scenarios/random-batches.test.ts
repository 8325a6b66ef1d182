import { describe, expect } from 'vitest';
import { createDice, type Dice } from '../../src/play/day/dice.ts';
import { roundsOf, sampled as test } from '../support/depth.ts';
import { dossier, progress, testHub } from '../support/hub.ts';
import { payment, petition, postalOrder, question, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

/** Where two of the hub's own activities meet in one batch, hand-written cases find little. So dice make the batches. */
const SEED = Number(process.env.BATCHES_SEED ?? 1);

/** Few codes, so that the items of a batch meet. */
const codeOf = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const aliasOf = (n: number): string => `G22.99-20250812-${String(n).padStart(4, '0')}`;
const CODES = 8;

const STATUSES = ['received', 'processing', 'supplement-required', 'payment-required', 'resolved', 'returned'];

/** An item for each address of the doors. */
function generators(dice: Dice): Readonly<Record<string, () => object>> {
  const some = <T>(share: number, make: () => T): T | undefined => (dice.next() < share ? make() : undefined);
  const n = (): number => dice.whole(1, CODES);
  const named = (): string => (dice.next() < 0.6 ? codeOf(n()) : aliasOf(n()));
  const at = (): string => `2025-08-${dice.whole(12, 16)}T${dice.pick(['08', '10', '14'])}:00:00+07:00`;
  const person = (): object => ({ name: dice.pick(['Nguyễn Văn An', "K'Brơi", 'Trần Thị Bình']), phone: '0900000001' });
  const paper = (): object => ({ name: 'Đơn của Nguyễn Văn An', url: some(0.5, () => 'https://tep.example/1') });
  return {
    dossiers: () => ({
      documents: some(0.3, () => [paper()]),
      ...dossier({ code: named(), status: dice.pick(STATUSES), statusAt: at(), receivedAt: some(0.5, at) }),
      applicant: some(0.7, person),
      aliases: some(0.4, () => [{ party: dice.pick(['one-stop', 'other']), code: aliasOf(n()) }]),
      note: some(0.3, () => `Ghi chú ${n()}`),
    }),
    progress: () => progress({ code: named(), at: at(), status: dice.pick(STATUSES), content: `Bước ${n()}` }),
    ratings: () => rating({ code: some(0.5, () => `DG-${n()}`), dossierCode: named(), ratedAt: at() }),
    'postal-orders': () =>
      postalOrder({
        code: `BC-${n()}`,
        dossierCode: named(),
        direction: dice.pick(['pick-up', 'return']),
        state: dice.pick(['registered', 'handed-over', 'delivered', 'cancelled']),
        stateAt: at(),
      }),
    payments: () => {
      const state = dice.pick(['requested', 'paid', 'failed', 'refunded']);
      return payment({ code: `TT-${n()}`, dossierCode: named(), state, stateAt: at() });
    },
    questions: () => question({ code: `HD-${n()}`, dossierCode: some(0.5, named), stateAt: at() }),
    petitions: () => petition({ code: `PA-${n()}`, stateAt: at() }),
  };
}

/** What a party sends in one request. */
interface Request {
  readonly party: string;
  readonly what: string;
  readonly items: readonly object[];
}

function requestsOf(dice: Dice, count: number): readonly Request[] {
  const make = Object.entries(generators(dice));
  return Array.from({ length: count }, () => {
    const [what, item] = dice.pick(make);
    const party = dice.next() < 0.7 ? 'one-stop' : 'other';
    return { party, what, items: Array.from({ length: dice.whole(1, 12) }, item) };
  });
}

/** Officers release and dismiss some of what waits. */
async function decideSome(ops: Operator, dice: Dice): Promise<void> {
  const { items } = (await ops.get('quarantine?limit=50')).body;
  for (const { id } of items as readonly { readonly id: number }[])
    if (dice.next() < 0.3) {
      const order = { action: dice.pick(['release', 'dismiss']), why: 'theo danh sách của cơ quan' };
      expect((await ops.post(`quarantine/${id}/resolve`, order)).status).toBeLessThan(500);
    }
}

/** An officer erases the person of a dossier. The hub refuses if the data has changed since the preview. */
async function eraseOne(ops: Operator, dice: Dice): Promise<void> {
  const order = { code: codeOf(dice.whole(1, CODES)), openToo: dice.next() < 0.7, why: 'theo yêu cầu của công dân' };
  const { status, body } = await ops.post('erasures/preview', order);
  expect([200, 404, 409]).toContain(status);
  if (status === 200)
    expect([200, 404, 409]).toContain((await ops.post('erasures', { ...order, token: body.token })).status);
}

describe('random batches of all kinds', () => {
  const SEEDS = Array.from({ length: roundsOf(12, 2) }, (_, n) => SEED * 1_000 + n);
  test.each(SEEDS)('of seed %i are all answered, and a rebuild finds the same index', async (seed) => {
    const dice = createDice(seed);
    const hub = await testHub({ keys: [...OPERATOR_KEYS] });
    try {
      for (let round = 0; round < 6; round++) {
        // At once, so that they share commits.
        const replies = await Promise.all(
          requestsOf(dice, 8).map(({ party, what, items }) => hub.push(items, { party, what })),
        );
        for (const { status, results } of replies) {
          expect(status).toBeLessThan(300);
          expect(results.every(({ outcome }) => outcome !== undefined)).toBe(true);
        }
        const ops = operatorOf(hub);
        await Promise.all([decideSome(ops, dice), dice.next() < 0.5 ? eraseOne(ops, dice) : decideSome(ops, dice)]);
        hub.clock.nowMs += 60_000;
        await hub.deliver();
      }
      expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0, differences: [] });
    } finally {
      await hub.close();
    }
  });
});
