import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import Type from 'typebox';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { ReceiptPage, ReceiptPlace } from '../../../ledger/receipts.ts';
import type { SignDocument } from '../../../operator-orders/evidence.ts';
import type { AppContext } from '../../app-context.ts';
import { requireKey, requireOneOf } from '../../auth.ts';
import { JOSE, Signed } from '../../jwks.ts';
import { Cursor, Next } from '../../lists.ts';
import { Refusal } from '../../problem.ts';
import { type AddRoute, queryReader } from '../../route.ts';
import { type DoorContext, partyOf } from '../door.ts';
import { OUTCOMES } from './request.ts';

export type ReceiptContext = Pick<AppContext, 'parties' | 'ledger' | 'keys' | 'cursors' | 'signDocument'>;

const Query = closed({ cursor: Cursor });
const Places = Type.Array(closed({ path: Type.String({ description: 'JSON Pointer' }) }));
const ReceiptShown = closed(
  {
    receipt: Type.String({ format: 'uuid' }),
    party: Type.String(),
    door: Type.String(),
    operation: Type.String(),
    receivedAt: Instant,
    sha256: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description:
        'the hash of the received body, inflated, in hexadecimal; for a stream without an Idempotency-Key, the hash of the lines in this part, without surrounding blanks and each ended by one line feed',
    }),
    bytes: Type.Integer({ description: 'the number of hashed bytes' }),
    items: Type.Array(
      closed({
        index: Type.Integer(),
        code: Type.Optional(Type.String()),
        outcome: oneOf(OUTCOMES),
        problems: Type.Optional(Places),
        warnings: Type.Optional(Places),
        since: Type.Optional(
          closed(
            {
              state: Type.String({ description: 'waiting, accepted, stale, dismissed, …' }),
              at: Type.Optional(Instant),
            },
            { description: 'for a quarantined item: its current state' },
          ),
        ),
      }),
    ),
    next: Next,
    signed: Signed,
  },
  { title: 'SignedReceipt' },
);

/** `GET /api/v1/parties/{party}/receipts/{receipt}`: the answer to a push, signed on request. */
export function addReceipts(add: AddRoute, hub: DoorContext & ReceiptContext): void {
  const read = queryReader(Query);
  add(
    {
      method: 'get',
      path: '/api/v1/parties/{party}/receipts/{receipt}',
      tag: 'Doors',
      summary: 'A signed receipt: the received data, the time, and the answer for each item',
      description:
        'For a message through any door with a key of this party. A key with another scope to push, such as payment:write, may ask too. `signed` is a JWS with the `typ` lienthong-receipt.v1+jws over exactly these members (without `next` and `signed`), plus `iss` (code and name of the province) and `iat`. With `Accept: application/jose`, the reply is only this JWS. Problems and warnings have only their place, because their messages may quote data. Each part of a stream is one page: `next` is the `cursor` of the next page, which `Link` names too.',
      scopes: ['dossier:write'],
      query: Query,
      replies: {
        200: { description: 'The receipt', schema: ReceiptShown, also: { [JOSE]: Signed } },
        404: { description: 'No such party, or the hub stores no such receipt of this party' },
      },
    },
    (c) => oneReceipt(c, hub, read),
  );
}

async function oneReceipt(
  c: Context,
  hub: DoorContext & ReceiptContext,
  read: (c: Context) => Type.Static<typeof Query>,
): Promise<Response> {
  const key = requireKey(c, hub.keys);
  // A system that pushes payments alone gets receipts too.
  requireOneOf(key, 'dossier:write', ...hub.kinds.all.map(({ scope }) => scope));
  const party = partyOf(c, hub, key);
  const id = c.req.param('receipt') ?? '';
  const list = `receipt ${id}`;
  const page = await hub.ledger.receipt(party, id, placeOf(hub.cursors.read(list, read(c).cursor)));
  if (!page) throw new Refusal('not-found', say('no-receipt-of-party', { got: received(id), near: received(party) }));
  const next = page.next ? hub.cursors.write(list, [page.next.messageId, page.next.items]) : null;
  return answer(c, hub.signDocument, page, next);
}

function placeOf(read: readonly (string | number)[] | undefined): ReceiptPlace | undefined {
  return read && { messageId: read[0] as string, items: read[1] as number };
}

async function answer(
  c: Context,
  signDocument: SignDocument,
  { receipt }: ReceiptPage,
  next: string | null,
): Promise<Response> {
  const signed = await signDocument('receipt', receipt);
  const isAlone =
    accepts(c, { header: 'Accept', supports: ['application/json', JOSE], default: 'application/json' }) === JOSE;
  const headers: Record<string, string> = { 'Cache-Control': 'private, no-store', Vary: 'Accept' };
  if (next !== null) headers.Link = `<${c.req.path}?cursor=${encodeURIComponent(next)}>; rel="next"`;
  if (isAlone) return c.body(signed, 200, { ...headers, 'Content-Type': JOSE });
  return c.json({ ...receipt, next, signed }, 200, headers);
}
