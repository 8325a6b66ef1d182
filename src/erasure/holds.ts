import type pg from 'pg';
import { personKeys } from '#core/erasure/person-keys';
import { auditSubject } from '#core/identifiers/audit-subject';
import { subjectOf } from '#core/records/kind';
import { lockHolds } from '../database/erasure-lock.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { addHold, type LegalHold, liftHold, oneHold } from '../ledger/legal-holds.ts';
import type { ErasingHub, SubjectAsked } from './erasing.ts';

/** The operator who gives an order, and the reason. */
export interface OrderedBy {
  readonly who: string;
  readonly why: string;
}

export type SetHold = { readonly kind: 'set'; readonly hold: LegalHold } | NotSet;

type NotSet =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous'; readonly codes: readonly string[] }
  /** Nothing of it can be held any more. */
  | { readonly kind: 'erased'; readonly at: string }
  /** No identity number, and not a name with a phone number or an e-mail address. */
  | { readonly kind: 'nobody' };

/** Legal holds: what must stay for a procedure of law, whatever the settings say. */
export interface Holds {
  set(order: SubjectAsked, by: OrderedBy): Promise<SetHold>;
  /** @returns undefined if no hold in force has this id */
  lift(id: number, by: OrderedBy): Promise<LegalHold | undefined>;
}

export function createHolds(hub: ErasingHub): Holds {
  const { database, vault, nowMs } = hub;

  async function add(
    tx: pg.PoolClient,
    { subject, keys = [] }: { readonly subject?: string; readonly keys?: readonly string[] },
    by: OrderedBy,
  ): Promise<Added> {
    const person = keys.length > 0 ? vault.seal(JSON.stringify(keys)) : undefined;
    const id = await addHold(tx, { subject, person, ...by }, nowMs());
    const about = subject === undefined ? auditSubject('hold', id) : auditedSubject(hub, subject);
    await writeAudit(tx, { actor: by.who, action: 'hold.set', subject: about, why: by.why }, nowMs());
    return { kind: 'added', id };
  }

  async function addFor(tx: pg.PoolClient, order: SubjectAsked, by: OrderedBy): Promise<Added | NotSet> {
    if ('person' in order) {
      const keys = personKeys(order.person);
      return keys.length === 0 ? { kind: 'nobody' } : add(tx, { keys }, by);
    }
    const found = await subjectsNamed(tx, order);
    const [one, ...others] = found;
    if (!one) return { kind: 'unknown' };
    if (others.length > 0) return { kind: 'ambiguous', codes: found.map(({ subject }) => subject) };
    return one.erasedAt === null ? add(tx, one, by) : { kind: 'erased', at: one.erasedAt };
  }

  return {
    async set(order, by) {
      const added = await inTransaction(database, async (tx) => {
        // A batch under way may be erasing just this. Look when it is done.
        await lockHolds(tx);
        return addFor(tx, order, by);
      });
      return added.kind === 'added' ? { kind: 'set', hold: (await oneHold(database, added.id)) as LegalHold } : added;
    },
    async lift(id, by) {
      const isLifted = await inTransaction(database, async (tx) => {
        if (!(await liftHold(tx, id, by, nowMs()))) return false;
        const entry = { actor: by.who, action: 'hold.lift', subject: auditSubject('hold', id), why: by.why };
        await writeAudit(tx, entry, nowMs());
        return true;
      });
      return isLifted ? oneHold(database, id) : undefined;
    },
  };
}

function auditedSubject({ kinds }: ErasingHub, subject: string): string {
  return auditSubject(kinds.ofSubject(subject) ? 'record' : 'dossier', subject);
}

interface Added {
  readonly kind: 'added';
  readonly id: number;
}

interface Named {
  readonly subject: string;
  readonly erasedAt: string | null;
}

/** The record of a kind with this code, or the dossier with this code, or the dossiers with this alias. */
async function subjectsNamed(
  tx: pg.PoolClient,
  { code, kind }: Extract<SubjectAsked, { code: string }>,
): Promise<readonly Named[]> {
  const [text, value] = kind
    ? ['SELECT subject, erased_at AS "erasedAt" FROM records WHERE subject = $1', subjectOf(kind, code)]
    : [
        `SELECT code AS subject, erased_at AS "erasedAt" FROM dossiers
         WHERE code = $1 OR NOT EXISTS (SELECT FROM dossiers WHERE code = $1)
           AND code = ANY (ARRAY(SELECT dossier FROM aliases WHERE code = $1)) ORDER BY code`,
        code,
      ];
  const { rows } = await tx.query<Named>(text, [value]);
  return rows;
}
