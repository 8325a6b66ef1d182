import Type from 'typebox';
import { closed } from '#schemas/parts';
import type { AppContext } from './app-context.ts';
import { type AddRoute, conditional } from './route.ts';

export const JOSE = 'application/jose';

/** A compact JWS, as replies give it. */
export const Signed = Type.String({
  description:
    'a compact JWS (RFC 7515): EdDSA with Ed25519, `kid` and `jwk` in its header, to be checked with the keys of /.well-known/jwks.json',
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

/** For so long whoever has read the keys need not ask again. */
const FRESH_S = 300;

/** The keys by which receipts and evidence are checked. They are nobody's secret. */
export function addPublicKeys(add: AddRoute, { vault }: Pick<AppContext, 'vault'>): void {
  add(
    {
      method: 'get',
      path: '/.well-known/jwks.json',
      tag: 'Operation',
      summary: 'The public keys of receipts and evidence, the newest first',
      description:
        'The first one signs; the others are of the secrets in HUB_SECRET_OLD. Keep a copy: what an older key signed is checked with it when the hub does not publish that key any more.',
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
