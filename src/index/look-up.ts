import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { IS_STALE, type MaskedRow, maskedByRule } from './mask-again.ts';

/** A dossier that a citizen may mean. */
export interface Candidate {
  /** Its own code, also if the query named an alias. */
  readonly code: string;
  /** Its JSON with masked personal data. */
  readonly masked: string;
  /** Whether these are the last four digits of a phone or identity number on it. */
  proves(digits: string): boolean;
}

/** The dossiers that have this code, own or alias. Two systems may use one code for different dossiers. */
export type LookUp = (code: string) => Promise<readonly Candidate[]>;

interface Row extends MaskedRow {
  phone_proof: Buffer | null;
  identity_proof: Buffer | null;
}

const WITH_PROOFS = `
  SELECT d.code, d.masked, ${IS_STALE}, d.phone_proof, d.identity_proof FROM dossiers d WHERE d.code = $1
  UNION
  SELECT d.code, d.masked, ${IS_STALE}, d.phone_proof, d.identity_proof FROM aliases a JOIN dossiers d ON d.code = a.dossier
  WHERE a.code = $1`;

export function createLookUp(database: Database, vault: Vault): LookUp {
  return async (asked) => {
    const { rows } = await database.pool.query<Row>({ name: 'look up', text: WITH_PROOFS, values: [asked] });
    return (await maskedByRule(database, vault, rows)).map(({ code, masked, phone_proof, identity_proof }) => ({
      code,
      masked,
      proves: (digits) => [phone_proof, identity_proof].some((proof) => proof && vault.proves(code, digits, proof)),
    }));
  };
}
