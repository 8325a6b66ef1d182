import type { Person } from '#core/masking/mentions';
import type { SilencedCall } from '../ledger/erasures.ts';
import { hiddenBody } from '../ledger/hidden-body.ts';
import { IS_ANY_PERSON_HELD, IS_HELD_CALL } from '../ledger/legal-holds.ts';
import type { ErasedSubject, ErasingHub } from './erasing.ts';

/**
 * The calls of these dossiers and records that also carried one under a legal hold, without the erased people. While a person
 * is under a hold, all of their calls stay so: any delivery of a call may be about that person.
 */
export async function keptCallsOf(hub: ErasingHub, erased: readonly ErasedSubject[]): Promise<readonly SilencedCall[]> {
  const { rows } = await hub.database.pool.query<HeldCall>({
    name: 'held calls of subjects',
    text: `${HELD_CALLS} AND d.party = ANY(ARRAY(SELECT party FROM party_states)) AND d.subject = ANY($1::text[])`,
    values: [erased.map(({ subject }) => subject)],
  });
  const peopleOf = new Map(erased.map(({ subject, people }) => [subject, people]));
  return hiddenIn(hub, rows, ({ subject }) => peopleOf.get(subject) ?? []);
}

/** Calls that mention erased people: those that stay because of a legal hold have a rest. */
export async function withRests(
  hub: ErasingHub,
  calls: readonly SilencedCall[],
  people: readonly Person[],
): Promise<readonly SilencedCall[]> {
  const { rows } = await hub.database.pool.query<HeldCall>({
    name: 'held calls',
    text: `${HELD_CALLS} AND (a.delivery_id, a.number, a.at) IN (SELECT * FROM unnest($1::int8[], $2::int4[], $3::timestamptz[]))`,
    values: [calls.map(({ deliveryId }) => deliveryId), calls.map(({ number }) => number), calls.map(({ at }) => at)],
  });
  const kept = new Map((await hiddenIn(hub, rows, () => people)).map((call) => [nameOf(call), call]));
  return calls.map((call) => kept.get(nameOf(call)) ?? call);
}

interface HeldCall extends Pick<SilencedCall, 'deliveryId' | 'number' | 'at'> {
  readonly subject: string;
  readonly bytes: Buffer;
  readonly keyId: number;
}

const HELD_CALLS = `
  SELECT a.delivery_id::text AS "deliveryId", a.number::text AS number, a.at::text AS at, d.subject, a.wire AS bytes,
    a.wire_key AS "keyId"
  FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
  WHERE a.wire IS NOT NULL AND a.wire_key IS NOT NULL AND (${IS_ANY_PERSON_HELD} OR ${IS_HELD_CALL})`;

const nameOf = ({ deliveryId, number, at }: SilencedCall): string => `${deliveryId} ${number} ${at}`;

async function hiddenIn(
  { vault }: ErasingHub,
  calls: readonly HeldCall[],
  peopleOf: (call: HeldCall) => readonly Person[],
): Promise<readonly SilencedCall[]> {
  const hidden: SilencedCall[] = [];
  for (const call of calls) {
    const { deliveryId, number, at, bytes, keyId } = call;
    const rest = await hiddenBody(vault.open({ keyId, bytes }), peopleOf(call), 'application/json');
    hidden.push({ deliveryId, number, at, rest: vault.sealCompressed('record', rest) });
  }
  return hidden;
}
