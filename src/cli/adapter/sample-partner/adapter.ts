import { defineAdapter, delivered, type Outcome, type Outgoing, sendInOrder, unknown, unmapped } from '#kit';
import { lookUp, type Partner, send } from './client.ts';
import { type Answer, dossierToSend, isAsSent, type SentFields, STATUS_SENT, stepToSend, TABLES } from './mapping.ts';
import { progress } from './pull.ts';
import { Settings } from './settings.ts';

export default defineAdapter({
  settings: Settings,
  tables: () => TABLES,
  send: {
    // Decide: which dossiers concern the partner at all. Any other is `nothingToSend(why)`, never a guess.
    'dossier.upsert.v1': {
      send: (partner, items) =>
        sendInOrder(items, (item) =>
          once(partner, item, 'dossiers', dossierToSend(item, partner.codes), (record) => [record]),
        ),
    },
    'dossier.progress.v1': {
      send: (partner, items) =>
        sendInOrder(items, (item) => {
          const path = `dossiers/${encodeURIComponent(item.code)}/steps`;
          return once(partner, item, path, stepToSend(item, partner.codes), ({ steps }) => listOf(steps));
        }),
    },
  },
  pull: { progress },
});

/**
 * Sends one item to the partner once. After an attempt that may have arrived it looks up first, and the doubt stays until
 * the partner answers.
 * @param held the item in the partner's answer to the look-up
 *
 * Decide: whether this look-up is needed. It is not when the partner takes a key such as `Idempotency-Key` (send `item.id`,
 * the same at each attempt), or when repeating a PUT changes nothing: say `repeatsHarmless` in adapter.test.ts then.
 */
async function once(
  partner: Partner,
  item: Outgoing,
  path: string,
  told: SentFields | undefined,
  held: (record: Answer) => readonly Answer[],
): Promise<Outcome> {
  if (!told) return unmapped(STATUS_SENT, (item.record as { readonly status: string }).status);
  if (item.doubt) {
    const seen = await lookUp(partner, item);
    if (seen.kind === 'failed') return unknown(seen.outcome.reason, seen.outcome.message);
    if (seen.kind === 'found' && held(seen.record).some((one) => isAsSent(one, told))) return delivered(item.code);
  }
  return send(partner, item, path, told);
}

function listOf(value: unknown): readonly Answer[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}
