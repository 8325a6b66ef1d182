import type { Dossier } from '#schemas/dossier.upsert.v1';
import { withoutMasksOf } from '../masking/masked-record.ts';
import { withoutMaskOf } from '../masking/masking.ts';
import { unionOfAliases } from './aliases.ts';

/**
 * Merges a newer record into an older one. Members that the newer record lacks stay, and aliases are only added. A
 * masked name or number never replaces the real one, also inside texts.
 */
export function merge(older: Dossier, newer: Dossier): Dossier {
  const merged: Dossier = { ...older, ...newer, code: older.code };
  if (older.applicant && newer.applicant) {
    merged.applicant = { ...older.applicant, ...withoutMaskOf(older.applicant, newer.applicant) };
  }
  Object.assign(merged, withoutMasksOf(older, newer));
  const aliases = unionOfAliases(older.aliases, newer.aliases);
  if (aliases) merged.aliases = aliases;
  return merged;
}
