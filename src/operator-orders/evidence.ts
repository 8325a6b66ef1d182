import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { type Kind, subjectOf } from '#core/records/kind';
import type { IndexReader } from '../index/read.ts';
import type { Audit } from '../ledger/audit.ts';
import { type Evidence, loadEvidence } from '../ledger/evidence.ts';
import type { HubContext } from '../process/hub-context.ts';

export interface EvidenceDeps {
  readonly index: Pick<IndexReader, 'one'>;
  readonly audit: Audit;
  readonly signDocument: SignDocument;
}

/** Signs a document, with its issuer and time. */
export type SignDocument = (type: 'receipt' | 'evidence' | 'snapshot' | 'archive', content: object) => Promise<string>;

export type MadeEvidence =
  | { readonly kind: 'made'; readonly code: string; readonly signed: string }
  | { readonly kind: 'none'; readonly code: string }
  /** Several systems use the code for different dossiers. */
  | { readonly kind: 'ambiguous'; readonly code: string; readonly codes: readonly string[] };

/**
 * The signed evidence of a dossier, by any of its codes. Also for a code in messages that never became a dossier.
 *
 * @param actor who asks, for the audit
 * @param kind of a record by its code; absent for a dossier
 */
export type MakeEvidence = (actor: string, code: string, kind?: Kind) => Promise<MadeEvidence>;

export function createEvidence(
  { database, vault }: Pick<HubContext, 'database' | 'vault'>,
  { index, audit, signDocument }: EvidenceDeps,
): MakeEvidence {
  async function sign(evidence: Evidence | undefined, code: string): Promise<MadeEvidence> {
    if (!evidence) return { kind: 'none', code };
    return { kind: 'made', code, signed: await signDocument('evidence', evidence) };
  }

  return async (actor, given, kind) => {
    const asked = cleanCode(given);
    if (kind) {
      if (!(await loadEvidence(database, vault, asked, kind.name))) return { kind: 'none', code: asked };
      await audit.write({ actor, action: 'record.evidence', subject: auditSubject('record', subjectOf(kind, asked)) });
      return sign(await loadEvidence(database, vault, asked, kind.name), asked);
    }
    const one = await index.one(asked);
    if (one.kind === 'ambiguous') return { kind: 'ambiguous', code: asked, codes: one.codes };
    const code = one.kind === 'found' ? one.dossier.code : asked;
    if (one.kind === 'none' && !(await loadEvidence(database, vault, code))) return { kind: 'none', code };
    // Written first, so that the newest audit entry in the evidence is this one or a later one.
    await audit.write({ actor, action: 'dossier.evidence', subject: auditSubject('dossier', code) });
    return sign(await loadEvidence(database, vault, code), code);
  };
}

/** @param province from the settings, if they name one */
export function createSignDocument(
  { vault, nowMs }: Pick<HubContext, 'vault' | 'nowMs'>,
  province: { readonly code: string; readonly name: string } | undefined,
): SignDocument {
  const iss = province ? `${province.code} ${province.name}` : 'lienthong';
  return (type, content) => vault.signDocument(type, { iss, iat: Math.floor(nowMs() / 1000), ...content });
}
