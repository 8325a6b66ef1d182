import type { Context } from 'hono';
import type { Kind } from '#core/records/kind';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { requireKey } from '../auth.ts';
import { JOSE, Signed } from '../jwks.ts';
import { Refusal } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { none, OPS, type OperatorContext, TAG } from './request.ts';

/** Evidence about one dossier that is valid outside the hub: messages, senders and results. */
export function addEvidence(add: AddRoute, hub: Pick<OperatorContext, 'keys' | 'evidence' | 'kinds'>): void {
  const { keys, evidence } = hub;
  for (const kind of hub.kinds.all) addRecordEvidence(add, hub, kind);
  add(
    {
      method: 'get',
      path: `${OPS}/dossiers/{code}/evidence`,
      tag: TAG,
      summary: 'Signed evidence of a dossier, by any of its codes',
      description:
        'One JWS with the `typ` lienthong-evidence.v1+jws, which can be stored as a file and verified without the hub (`lienthong evidence verify`). Its payload is JSON without personal data: `iss`, `iat`; `dossier` (code, aliases, number of recorded steps; `erased`: when, by whom and why its personal data was erased); `messages` (who sent it, by which door and when, SHA-256 of its bytes in hexadecimal; `isKept` is false when it is no longer stored, `bodyRemovedAt` says when its body was removed); `events` in the order of recording; `deliveries` with their attempts; `quarantine` (the causes, who resolved them and when); `audit` (position and link of the newest entry). A repeat that changed nothing is not included: it has its own receipt. The audit records each read.',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The evidence', mediaType: JOSE, schema: Signed },
        404: { description: 'The hub stores nothing about this code' },
        409: { description: 'Several dossiers have this code; the detail lists them' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:read');
      const made = await evidence(key.id, c.req.param('code') ?? '');
      if (made.kind === 'none') throw none('dossier', made.code);
      if (made.kind === 'ambiguous')
        throw new Refusal('ambiguous', say('code-of-several', { got: received(made.code), list: made.codes }));
      return fileOf(c, made.code, made.signed);
    },
  );
}

/** The same about a record of a kind. */
function addRecordEvidence(
  add: AddRoute,
  { keys, evidence }: Pick<OperatorContext, 'keys' | 'evidence'>,
  kind: Kind,
): void {
  add(
    {
      method: 'get',
      path: `${OPS}/${kind.path}/{code}/evidence`,
      tag: TAG,
      summary: `Signed evidence of one ${kind.names.en[0]}`,
      description: 'Like the evidence of a dossier; `dossier` then has `kind`, and no aliases.',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The evidence', mediaType: JOSE, schema: Signed },
        404: { description: 'The hub stores nothing about this code' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:read');
      const made = await evidence(key.id, c.req.param('code') ?? '', kind);
      if (made.kind !== 'made') throw none(kind.names.en[0], made.code);
      return fileOf(c, made.code, made.signed);
    },
  );
}

function fileOf(c: Context, code: string, signed: string): Response {
  const name = code.replaceAll(/[^A-Za-z0-9.-]/g, '_');
  return c.body(signed, 200, {
    'Content-Type': JOSE,
    'Content-Disposition': `attachment; filename="${name}.jws"`,
    'Cache-Control': 'private, no-store',
  });
}
