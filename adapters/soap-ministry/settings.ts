import Type from 'typebox';
import type { SoapService } from '#kit';
import { ministrySettings, secretText, settingText } from '#ministry';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });

const Security = Type.Union([
  closed({ kind: Type.Literal('basic'), username: settingText, password: secretText }),
  closed({
    kind: Type.Literal('username-token'),
    username: settingText,
    password: secretText,
    form: oneOf(['text', 'digest']),
  }),
  closed({
    kind: Type.Literal('x509'),
    privateKey: Type.String({ minLength: 1, maxLength: 20_000, writeOnly: true, description: 'a private key in PEM' }),
    certificate: Type.String({ minLength: 1, maxLength: 20_000, description: 'a certificate in PEM' }),
    passphrase: optional(secretText),
  }),
]);

export const Settings = ministrySettings(
  { operation: settingText },
  {
    wsdl: Type.String({ minLength: 1, maxLength: 500, description: 'the address or the path of a WSDL' }),
    endpoint: optional(Address),
    soapVersion: optional(oneOf(['1.1', '1.2'])),
    soapAction: optional(Type.String({ minLength: 1, maxLength: 500, description: 'a SOAPAction' })),
    port: optional(settingText),
    security: optional(Security),
    addressing: optional(Type.Boolean()),
  },
);
export type Settings = Type.Static<typeof Settings>;

export function serviceOf({
  wsdl,
  endpoint,
  soapVersion,
  soapAction,
  port,
  security,
  addressing,
}: Settings): SoapService {
  return {
    wsdl,
    endpoint: endpoint || undefined,
    version: soapVersion,
    action: soapAction || undefined,
    port: port || undefined,
    security,
    addressing,
  };
}
