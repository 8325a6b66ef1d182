import Type from 'typebox';
import { timeouts } from '#kit';
import { closed } from '#schemas/parts';

/** 24 to 64 bytes in base64, by the specification. A plain text stands for its own bytes. */
const WHSEC = 'whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?';

const Secret = Type.String({
  pattern: `^(?:${WHSEC}|(?!whsec_)\\S.{22,498}\\S)$`,
  writeOnly: true,
  description: 'a secret: whsec_ with 24 to 64 bytes in base64, or a text of at least 24 characters',
});

export const Settings = closed({
  /** Where to send. Each attempt stores the path, so the address holds no user and no password. */
  url: Type.String({
    pattern: '^https?://[^/?#@\\s]+(?:[/?][^#\\s]*)?$',
    maxLength: 500,
    description: 'an address such as https://portal.example/webhooks, without a user, a password or a fragment',
  }),
  /** The current secret, and a second one during a rotation. Both sign. */
  secrets: Type.Array(Secret, { minItems: 1, maxItems: 2, description: 'a list of one secret, or two to rotate' }),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
