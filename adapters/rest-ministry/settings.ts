import Type from 'typebox';
import { ministrySettings, secretText, settingPlace, settingText } from '#ministry';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Address = Type.String({
  pattern: '^https?://[^\\s/?#@]+(?:/[^\\s?#]*)?$',
  maxLength: 500,
  description: 'an address such as https://…, without a user, ? and #',
});
const Operation = Type.String({
  pattern: '^(?:GET|POST|PUT|PATCH|DELETE) [^\\s?#]+$',
  maxLength: 500,
  description: 'a method and a path below baseUrl, such as POST HoSo/{MaHoSo}; what follows a ? goes into request',
});

const Security = Type.Union([
  closed({ kind: Type.Literal('basic'), username: settingText, password: secretText }),
  closed({ kind: Type.Literal('bearer'), token: secretText }),
  /** The session from the login, sent as a Bearer token. */
  closed({ kind: Type.Literal('session') }),
  closed({
    kind: Type.Literal('oauth2'),
    tokenUrl: Address,
    clientId: settingText,
    clientSecret: secretText,
    scope: optional(settingText),
    /** How client id and secret reach the token server (RFC 6749, 2.3.1): by HTTP Basic, or in the form. */
    form: optional(oneOf(['basic', 'body'])),
    /** `password`: with `username` and `password` of the party (RFC 6749, 4.3). */
    grant: optional(oneOf(['client-credentials', 'password'])),
  }),
]);

export const Settings = ministrySettings(
  { operation: Operation, body: optional(oneOf(['json', 'form', 'list', 'multipart'])) },
  {
    baseUrl: Address,
    headers: optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$" }), secretText, {
        additionalProperties: false,
        description: 'an object of texts by the names of headers',
      }),
    ),
    security: optional(Security),
  },
  settingPlace,
);
export type Settings = Type.Static<typeof Settings>;
