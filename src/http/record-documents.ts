import type { Context } from 'hono';
import Type from 'typebox';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { type Kind, subjectOf } from '#core/records/kind';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed } from '#schemas/parts';
import type { AppContext } from './app-context.ts';
import { requireKey } from './auth.ts';
import { Purpose } from './lists.ts';
import { auditRead } from './personal-reader.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, queryReader } from './route.ts';

export type DocumentContext = Pick<AppContext, 'records' | 'ledger' | 'parties' | 'kinds'>;
type KeyedContext = DocumentContext & Pick<AppContext, 'keys' | 'audit'>;

interface StoredDocument {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const Query = closed({ why: Purpose });
/** Of the parties that give documents. A payment has a handful. */
const MOST_MESSAGES = 200;

/** The documents that partners gave for records: the receipts of payments. */
export function addRecordDocuments(add: AddRoute, hub: KeyedContext): void {
  for (const kind of hub.kinds.all) if (kind.document !== undefined) addDocument(add, hub, kind, kind.document);
}

function addDocument(add: AddRoute, hub: KeyedContext, kind: Kind, document: string): void {
  const readQuery = queryReader(Query);
  add(
    {
      method: 'get',
      path: `/api/v1/${kind.path}/{code}/${document}`,
      tag: 'Records',
      summary: `The ${document} of one ${kind.names.en[0]}, as the partner gave it`,
      description:
        'A document names people, so it needs the scope index:personal. The audit records the read with its `why`.',
      scopes: ['index:personal'],
      query: Query,
      replies: {
        200: { description: 'The document', mediaType: 'application/pdf', schema: Type.String({ format: 'binary' }) },
        404: { description: `No such ${kind.names.en[0]}, or no ${document} yet` },
      },
    },
    async (c) => {
      const { id: keyId } = requireKey(c, hub.keys, 'index:personal');
      const { why } = readQuery(c);
      const code = cleanCode(c.req.param('code') ?? '');
      const found = await lastDocument(hub, kind, code);
      if (!found) throw new Refusal('not-found', say('there-is-no', { thing: document, got: received(code) }));
      const subject = auditSubject('record', subjectOf(kind, code));
      await auditRead(hub, { keyId, personal: true }, { action: `${kind.name}.read-personal`, subject, why });
      return asFile(c, found, `${document}-${code}`);
    },
  );
}

/** The newest document in the messages of a record's events. */
export async function lastDocument(
  { records, ledger, parties }: DocumentContext,
  kind: Kind,
  code: string,
): Promise<StoredDocument | undefined> {
  const givers = [...parties.values()].filter(({ adapter }) => adapter.documentIn).map(({ id }) => id);
  for (const id of await records.newestMessages(kind, code, givers, MOST_MESSAGES)) {
    const message = await ledger.message(id);
    const read = message?.party ? parties.get(message.party)?.adapter.documentIn : undefined;
    const found = message?.body && read?.(message.body());
    if (found) return found;
  }
  return undefined;
}

/** A partner's file is never shown as a page of the hub, and no cache stores it. */
export function asFile(c: Context, { mediaType, bytes }: StoredDocument, name: string): Response {
  return c.body(new Uint8Array(bytes), 200, {
    'Content-Type': mediaType,
    'Content-Disposition': `attachment; filename="${name.replace(/[^\w.-]/g, '_')}.pdf"`,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
}
