import { hash } from 'node:crypto';
import type { ArchiveManifest } from '../../archive/write-archive.ts';
import type { SnapshotEnd, SnapshotHead } from '../../copy/record-lines.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import type { Receipt } from '../../ledger/receipts.ts';
import { type SignedDocument, verifyDocument } from '../../secrets/signed-documents.ts';
import { UsageError } from '../run-command.ts';

interface Claims {
  /** Who signed it, and when (seconds since 1970). */
  readonly iss: string;
  readonly iat: number;
}

/** The signed content of a snapshot's last line. */
export type SignedSnapshot = Omit<SnapshotEnd, 'kind' | 'signed'> & Pick<SnapshotHead, 'at'>;

export type Checked = {
  readonly kid: string;
  /** Whether the key is among the given ones. Otherwise nobody has verified its owner. */
  readonly isKeyPublished: boolean;
  /** With a body: the messages with exactly these bytes. */
  readonly body?: { readonly sha256: string; readonly messages: readonly string[] } | undefined;
} & (
  | { readonly type: 'evidence'; readonly content: Claims & Evidence }
  | { readonly type: 'receipt'; readonly content: Claims & Receipt }
  | { readonly type: 'snapshot'; readonly content: Claims & SignedSnapshot }
  | { readonly type: 'archive'; readonly content: Claims & ArchiveManifest }
);

/**
 * The content of a signed file after its signature is verified.
 * @throws InvalidDocument when it is not valid; UsageError when the keys are unusable
 */
export async function checkFile(
  text: string,
  keys: { readonly name: string; readonly text: string } | undefined,
  body: Buffer | undefined,
): Promise<Checked> {
  const document = await verifyDocument(text.trim(), keys && keysIn(keys));
  const { type, kid, content } = document;
  const sha256 = body && hash('sha256', body);
  return {
    type,
    kid,
    isKeyPublished: keys !== undefined,
    body: sha256 === undefined ? undefined : { sha256, messages: messagesWith(document, sha256) },
    content,
  };
}

function messagesWith({ type, content }: SignedDocument, sha256: string): readonly string[] {
  if (type === 'receipt') return content.sha256 === sha256 ? [content.receipt] : [];
  if (type === 'snapshot' || type === 'archive') return [];
  return (content as Evidence).messages.flatMap((one) => (one.isKept && one.sha256 === sha256 ? [one.id] : []));
}

function keysIn({ name, text }: { readonly name: string; readonly text: string }) {
  try {
    const { keys } = JSON.parse(text);
    if (Array.isArray(keys)) return keys.filter((key) => typeof key === 'object' && key !== null);
  } catch {}
  throw new UsageError(`${name} has no keys: expected what /.well-known/jwks.json gives`);
}
