import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { say } from '#messages/message';
import type { Vault } from '../../secrets/vault.ts';
import type { AppContext } from '../app-context.ts';
import { networkOf } from '../clients.ts';
import { createLookUpLimit } from '../look-up-limit.ts';
import { Refusal } from '../problem.ts';
import { asFile, type DocumentContext, lastDocument } from '../record-documents.ts';
import type { AddRoute } from '../route.ts';

type ReceiptContext = DocumentContext & Pick<AppContext, 'vault' | 'nowMs' | 'requestLimits' | 'clients' | 'telemetry'>;

/** How long the address of a receipt works. Then the citizen looks the dossier up again. */
const WORKS_MS = 15 * 60_000;
const PATH = '/api/public/receipts/';

/** The public address of a receipt that the hub keeps. Call it only for a citizen who proved the dossier. */
export function receiptAddress(
  { vault, nowMs }: { readonly vault: Pick<Vault, 'sign'>; readonly nowMs: () => number },
  payment: string,
): string {
  const text = Buffer.from(JSON.stringify([payment, nowMs() + WORKS_MS])).toString('base64url');
  return `${PATH}${vault.sign('receipt', text)}`;
}

/** The payment of a signed address, and the moment until which it works. Undefined for a forged address. */
function paymentOf(
  vault: Pick<Vault, 'verify'>,
  token: string,
): { readonly code: string; readonly untilMs: number } | undefined {
  const text = vault.verify('receipt', token);
  if (text === undefined) return undefined;
  const [code, untilMs] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [string, number];
  return { code, untilMs };
}

/** The receipt of a payment, for a citizen who has its signed address from the look-up. */
export function addPublicReceipts(add: AddRoute, hub: ReceiptContext): void {
  const kind = hub.kinds.byName('payment');
  if (!kind) return;
  const limit = createLookUpLimit(hub);
  add(
    {
      method: 'get',
      path: `${PATH}{address}`,
      tag: 'Citizens',
      summary: 'The receipt of a payment, at the address that the look-up of its dossier returned',
      description:
        'Needs no key: the address is signed, opens one receipt, and works for 15 minutes. Shares the limit of 60 requests a minute from one client.',
      problems: ['too-often', 'unavailable'],
      replies: {
        200: { description: 'The receipt', mediaType: 'application/pdf', schema: Type.String({ format: 'binary' }) },
        404: { description: 'The address is not valid, or the hub no longer has the receipt' },
        410: { description: 'The address has expired: look up the dossier again' },
      },
    },
    async (c) => {
      await limit.countVisit(networkOf(hub.clients.addressOf(c) ?? ''));
      const named = paymentOf(hub.vault, c.req.param('address') ?? '');
      if (!named) throw new Refusal('not-found', say('receipt-address-invalid'));
      const { code, untilMs } = named;
      if (hub.nowMs() >= untilMs) throw new Refusal('expired', say('address-expired', { at: msToInstant(untilMs) }));
      const found = await lastDocument(hub, kind, code);
      if (!found) throw new Refusal('not-found', say('receipt-not-stored'));
      return asFile(c, found, `bien-lai-${code}`);
    },
  );
}
