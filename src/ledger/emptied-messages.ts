import { definePart, type Part } from '../database/parts.ts';
import type { Vault } from '../secrets/vault.ts';

/** A message whose body goes. Its events say what it held. */
export interface EmptiedMessage {
  readonly id: string;
  readonly at: string;
  /** The body without the erased texts, for items that still wait for an operator. */
  readonly rest?: Uint8Array | undefined;
}

/** Removes the bodies of messages. The hash of a body stays: a receipt still proves which bytes arrived. */
export function emptiedPart(rows: readonly EmptiedMessage[], vault: Vault): Part {
  return part(
    rows.map((row) => {
      const sealed = row.rest && vault.sealCompressed('body', row.rest);
      return { row, bytes: sealed?.bytes, key: sealed?.keyId };
    }),
  );
}

interface Written {
  readonly row: EmptiedMessage;
  readonly bytes: Buffer | undefined;
  readonly key: number | undefined;
}

const part = definePart<Written>(
  'emptied_message',
  {
    id: ['uuid', ({ row }) => row.id],
    emptied_at: ['timestamptz', ({ row }) => row.at],
    body: ['bytea', ({ bytes }) => bytes],
    body_key: ['int4', ({ key }) => key],
  },
  (rows) => `
    UPDATE messages m SET body = given.body, body_key = given.body_key, emptied_at = given.emptied_at FROM ${rows}
    WHERE m.id = given.id RETURNING 1`,
);
