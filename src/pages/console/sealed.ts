import type { Vault } from '../../secrets/vault.ts';

export type Sealing = Pick<Vault, 'seal' | 'open'>;

/** Seals a value for a cookie, for one use. Only the hub can read or create it. */
export function sealText(vault: Sealing, use: string, value: object): string {
  const { keyId, bytes } = vault.seal(JSON.stringify({ use, ...value }));
  return `${keyId}.${bytes.toString('base64url')}`;
}

/** Opens a value that was sealed for this use. Undefined for anything else. */
export function openText(vault: Sealing, use: string, text: string | undefined): Record<string, unknown> | undefined {
  const [, keyId, bytes] = /^(-?\d{1,10})\.([\w-]+)$/.exec(text ?? '') ?? [];
  if (keyId === undefined || bytes === undefined) return undefined;
  try {
    const opened = vault.open({ keyId: Number(keyId), bytes: Buffer.from(bytes, 'base64url') });
    const value = JSON.parse(opened.toString()) as Record<string, unknown>;
    return value.use === use ? value : undefined;
  } catch {
    return undefined;
  }
}
