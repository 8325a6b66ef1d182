import { isDossierCode } from '#core/identifiers/identifiers';
import type { Problem } from '#core/problem';
import type { Database } from '../database/pool.ts';
import { isUuid } from '../database/uuid.ts';
import type { Vault } from '../secrets/vault.ts';
import type { ItemResult } from './messages.ts';

/** What a receipt stands for, without what is personal: of problems and warnings the place alone, for messages may quote. */
export interface Receipt {
  readonly receipt: string;
  readonly party: string;
  readonly door: string;
  readonly operation: string;
  readonly receivedAt: string;
  /** Of the body as it came, inflated; in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly items: readonly ReceiptItem[];
}

export interface ReceiptItem {
  readonly index: number;
  readonly code?: string;
  readonly outcome: ItemResult['outcome'];
  readonly problems?: readonly Place[];
  readonly warnings?: readonly Place[];
  /** Of one that was quarantined: what has become of it. */
  readonly since?: { readonly state: string; readonly at?: string };
}

type Place = Pick<Problem, 'path'>;

/** Behind which message of the receipt, and how many items it and those before it have. */
export interface ReceiptPlace {
  readonly messageId: string;
  readonly items: number;
}

export interface ReceiptPage {
  readonly receipt: Receipt;
  /** Where a stream goes on that came in several parts. */
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
 * What a party was given a receipt for, and still is kept: a message, or one part of a stream. Undefined when it is none of
 * this party's: what was refused, pulled, or written by the hub itself was given none.
 */
export async function loadReceipt(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'openHash'>,
  party: string,
  receipt: string,
  after: ReceiptPlace = { messageId: '00000000-0000-0000-0000-000000000000', items: 0 },
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

/** The newest word on each item of a message that waited. */
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

const APPLIED: readonly ItemResult['outcome'][] = ['accepted', 'duplicate', 'stale'];

function itemOf(
  { index, code, outcome, problems, warnings }: ItemResult,
  before: number,
  since: Since | undefined,
): ReceiptItem {
  const become = outcome === 'quarantined' ? since?.get(index) : undefined;
  return {
    index: before + index,
    // What was not applied may have anything where its code belongs.
    ...(code !== undefined && (APPLIED.includes(outcome) || isDossierCode(code)) && { code }),
    outcome,
    ...(problems && { problems: problems.map(placeOf) }),
    ...(warnings && { warnings: warnings.map(placeOf) }),
    ...(become && { since: become }),
  };
}

/** Where something was wrong. A member that no schema knows was named by the sender: what is no plain name is not told. */
function placeOf({ path }: Problem): Place {
  return { path: path.replaceAll(/[^/]+/g, (step) => (/^(?:[A-Za-z_]\w{0,39}|\d{1,6})$/.test(step) ? step : '…')) };
}
