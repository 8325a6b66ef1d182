import Type from 'typebox';
import type { SoapService } from '#kit';
import { ministrySettings, secretText, settingName, settingText } from '#ministry';
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

/** Where a service is. */
const SERVICE = {
  wsdl: Type.String({ minLength: 1, maxLength: 500, description: 'the address or the path of a WSDL' }),
  endpoint: optional(Address),
  soapVersion: optional(oneOf(['1.1', '1.2'])),
  soapAction: optional(Type.String({ minLength: 1, maxLength: 500, description: 'a SOAPAction' })),
  port: optional(settingText),
};

export const Settings = ministrySettings(
  { operation: settingText, service: optional(settingName) },
  {
    ...SERVICE,
    /** Further services of the same system, each with a WSDL of its own. */
    services: optional(
      Type.Record(settingName, closed(SERVICE), {
        additionalProperties: false,
        description: 'an object of services by name',
      }),
    ),
    security: optional(Security),
    addressing: optional(Type.Boolean()),
  },
);
export type Settings = Type.Static<typeof Settings>;

/** The service of a question: the party's own, or one of `services`. */
export function serviceOf(settings: Settings, name: string | undefined): SoapService {
  const { security, addressing, services = {} } = settings;
  const place = name === undefined ? settings : services[name];
  if (!place) throw new Error(`the settings have no service ${name}`);
  const { wsdl, endpoint, soapVersion, soapAction, port } = place;
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
