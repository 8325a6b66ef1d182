import type { Database } from '../database/pool.ts';
import type { Vault } from '../vault.ts';

/**
 * The dossier that has this code, own or alias, and that these last four digits of a phone or identity number prove, as
 * JSON with personal data masked; undefined where there is none such.
 */
export type LookUp = (code: string, digits: string) => Promise<string | undefined>;

interface Row {
  code: string;
  masked: string;
  phone_proof: Buffer | null;
  identity_proof: Buffer | null;
}

const WITH_PROOFS = `
  SELECT code, masked, phone_proof, identity_proof FROM dossiers WHERE code = $1
  UNION
  SELECT d.code, d.masked, d.phone_proof, d.identity_proof FROM aliases a JOIN dossiers d ON d.code = a.dossier
  WHERE a.code = $1`;

export function createLookUp(database: Database, vault: Vault): LookUp {
  return async (code, digits) => {
    const { rows } = await database.pool.query<Row>({ name: 'look up', text: WITH_PROOFS, values: [code] });
    const proven = rows.filter((row) =>
      [row.phone_proof, row.identity_proof].some((proof) => proof && vault.proves(row.code, digits, proof)),
    );
    // Two systems may use a code for different dossiers; of two that these digits prove neither is the one.
    return proven.length === 1 ? proven[0]?.masked : undefined;
  };
}
