import { isDossierCode } from '#core/identifiers/identifiers';
import type { Problem } from '#core/problem';
import type { Database } from '../database/pool.ts';
import { isUuid, NIL_UUID } from '../database/uuid.ts';
import type { Vault } from '../secrets/vault.ts';
import { type ItemResult, isApplied } from './messages.ts';

/**
 * The content of a receipt without personal data. Problems and warnings have only their place, because messages may
 * quote.
 */
export interface Receipt {
  readonly receipt: string;
  readonly party: string;
  readonly door: string;
  readonly operation: string;
  readonly receivedAt: string;
  /** The hash of the decompressed body, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly items: readonly ReceiptItem[];
}

export interface ReceiptItem {
  readonly index: number;
  readonly code?: string | undefined;
  readonly outcome: ItemResult['outcome'];
  readonly problems?: readonly Place[] | undefined;
  readonly warnings?: readonly Place[] | undefined;
  /** The later result of a quarantined item. */
  readonly since?: { readonly state: string; readonly at?: string } | undefined;
}

type Place = Pick<Problem, 'path'>;

/** A position in the receipt: the last message, and the number of items up to it. */
export interface ReceiptPlace {
  readonly messageId: string;
  readonly items: number;
}

export interface ReceiptPage {
  readonly receipt: Receipt;
  /** The next position, if a stream arrived in several parts. */
  readonly next: ReceiptPlace | undefined;
}

interface Row {
  readonly id: string;
  readonly receivedAt: string;
  readonly door: string;
  readonly operation: string;
  readonly bodyHash: Buffer;
  readonly bytes: number;
  readonly results: readonly ItemResult[];
}

/**
 * The stored message of a party's receipt, or one part of a stream. Undefined if the receipt is not this party's.
 * Refused and pulled messages and the hub's own have no receipt.
 */
export async function loadReceipt(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'openHash'>,
  party: string,
  receipt: string,
  after: ReceiptPlace = { messageId: NIL_UUID, items: 0 },
): Promise<ReceiptPage | undefined> {
  if (!isUuid(receipt)) return undefined;
  const { rows } = await pool.query<Row>(
    `SELECT id, received_at AS "receivedAt", door, operation, body_hash AS "bodyHash", body_bytes AS bytes, results
     FROM messages
     WHERE receipt = $1 AND party = $2 AND key_name IS NOT NULL AND outcome <> 'refused' AND id > $3
     ORDER BY id LIMIT 2`,
    [receipt, party, after.messageId],
  );
  const [row, following] = rows;
  if (!row) return undefined;
  const { id, results, bodyHash, ...said } = row;
  const sha256 = vault.openHash(bodyHash).toString('hex');
  const since = results.some(({ outcome }) => outcome === 'quarantined') ? await loadSince({ pool }, id) : undefined;
  const items = results.map((result) => itemOf(result, after.items, since));
  return {
    receipt: { receipt: receipt.toLowerCase(), party, ...said, sha256, items },
    next: following && { messageId: id, items: after.items + items.length },
  };
}

type Since = ReadonlyMap<number, NonNullable<ReceiptItem['since']>>;

/** The newest state of each item of a message that waited. */
async function loadSince({ pool }: Pick<Database, 'pool'>, messageId: string): Promise<Since> {
  const { rows } = await pool.query<{ item: number; at: string | null; settlement: string | null }>(
    `SELECT DISTINCT ON (item) item, settled_at AS at, settlement FROM quarantine
     WHERE message_id = $1 AND delivery_id IS NULL ORDER BY item, id DESC`,
    [messageId],
  );
  return new Map(
    rows.map(({ item, at, settlement }) => [
      item,
      at === null ? { state: 'waiting' } : { state: settlement ?? 'settled', at },
    ]),
  );
}

function itemOf(
  { index, code, outcome, problems, warnings }: ItemResult,
  before: number,
  since: Since | undefined,
): ReceiptItem {
  const become = outcome === 'quarantined' ? since?.get(index) : undefined;
  return {
    index: before + index,
    // An item that was not applied may have any text in place of its code.
    code: code !== undefined && (isApplied(outcome) || isDossierCode(code)) ? code : undefined,
    outcome,
    problems: problems?.map(placeOf),
    warnings: warnings?.map(placeOf),
    since: become,
  };
}

/** The place of a problem. The sender may have named an unknown member, so anything but a plain name is hidden. */
function placeOf({ path }: Problem): Place {
  return { path: path.replaceAll(/[^/]+/g, (step) => (/^(?:[A-Za-z_]\w{0,39}|\d{1,6})$/.test(step) ? step : '…')) };
}
