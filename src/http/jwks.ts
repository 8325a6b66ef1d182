import Type from 'typebox';
import { closed } from '#schemas/parts';
import type { AppContext } from './app-context.ts';
import { type AddRoute, conditional } from './route.ts';

export const JOSE = 'application/jose';

/** A compact JWS, as replies contain it. */
export const Signed = Type.String({
  description:
    'a compact JWS (RFC 7515): EdDSA with Ed25519, `kid` and `jwk` in its header, verifiable with the keys of /.well-known/jwks.json',
});

const KeySet = closed(
  {
    keys: Type.Array(
      closed({
        kty: Type.Literal('OKP'),
        crv: Type.Literal('Ed25519'),
        x: Type.String(),
        kid: Type.String({ description: 'the thumbprint of the key (RFC 7638)' }),
        alg: Type.Literal('EdDSA'),
        use: Type.Literal('sig'),
      }),
    ),
  },
  { title: 'KeySet', description: 'RFC 7517' },
);

/** How long a client may cache the keys. */
const FRESH_S = 300;

/** The public keys that verify receipts and evidence. */
export function addPublicKeys(add: AddRoute, { vault }: Pick<AppContext, 'vault'>): void {
  add(
    {
      method: 'get',
      path: '/.well-known/jwks.json',
      tag: 'Operation',
      summary: 'The public keys of receipts and evidence, newest first',
      description:
        'The first key signs. The others belong to the secrets in HUB_SECRET_OLD. Keep a copy: it verifies older signatures after the hub stops publishing their key.',
      conditional: true,
      asksDatabase: false,
      replies: { 200: { description: 'The keys', schema: KeySet } },
    },
    async (c) =>
      conditional(c, JSON.stringify({ keys: await vault.publicKeys() }), {
        'Cache-Control': `public, max-age=${FRESH_S}`,
      }),
  );
}
