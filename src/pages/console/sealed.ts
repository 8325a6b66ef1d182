import type { Vault } from '../../secrets/vault.ts';

export type Sealing = Pick<Vault, 'seal' | 'open'>;

/** A value for a cookie that nobody reads or makes but the hub; what was sealed for one use is nothing for another. */
export function sealText(vault: Sealing, use: string, value: object): string {
  const { keyId, bytes } = vault.seal(JSON.stringify({ use, ...value }));
  return `${keyId}.${bytes.toString('base64url')}`;
}

/** What was sealed for this use; undefined for all else, also for what another secret of the hub sealed. */
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
