import type { Context } from 'hono';
import Type from 'typebox';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { Refusal } from '../../problem.ts';
import type { AddRoute } from '../../route.ts';
import { note } from '../door.ts';
import type { SoapDoorContext } from './answer.ts';
import { refuse } from './faults.ts';
import { loadSoap } from './load.ts';
import { readMediaType } from './media-type.ts';
import { MEDIA_TYPES } from './versions.ts';
import { wsdlAt } from './wsdl.ts';

const EITHER = Object.values(MEDIA_TYPES).map((type) => type.split(';', 1)[0] as string);

/** `POST /soap/v1/{party}`, SOAP 1.1 and 1.2, and its WSDL. */
export function addSoapDoor(add: AddRoute, hub: SoapDoorContext): void {
  add(
    {
      method: 'get',
      path: '/soap/v1/{party}',
      tag: 'Doors',
      summary: 'The WSDL of the SOAP door, with `?wsdl`',
      query: Type.Object({ wsdl: Type.String({ description: 'only its presence counts' }) }),
      replies: {
        200: { description: 'WSDL 1.1 with its schema inside', mediaType: 'text/xml', schema: Type.String() },
        404: { description: 'No such party, or no `?wsdl`' },
      },
    },
    (c) => wsdl(c, hub),
  );
  add(
    {
      method: 'post',
      path: '/soap/v1/{party}',
      tag: 'Doors',
      summary: 'PushDossiers, PushProgress, GetDossier or Ping, by SOAP 1.1 or 1.2',
      description:
        'The WSDL defines the messages. Credentials: HTTP Basic, or WS-Security with a UsernameToken (PasswordDigest; PasswordText over TLS) or a signed Body, or the certificate of a key (mutual TLS). User name and password are the id and the secret of a key with the scope dossier:write. At most 1,000 items per envelope.',
      access: ['basic', 'wsSecurity', 'mutualTls'],
      problems: ['unsupported-media'],
      body: { 'text/xml': Type.String(), 'application/soap+xml': Type.String(), 'multipart/related': Type.String() },
      replies: {
        200: { description: 'The response element of the operation', mediaType: EITHER, schema: Type.String() },
        400: {
          description: 'SOAP 1.2: a fault with the code Sender',
          mediaType: 'application/soap+xml',
          schema: Type.String(),
        },
        401: { description: 'A fault with a Basic challenge', mediaType: EITHER, schema: Type.String() },
        500: {
          description: 'SOAP 1.1: a fault; 1.2: a fault with the code Receiver',
          mediaType: EITHER,
          schema: Type.String(),
        },
      },
    },
    (c) => soapDoor(c, hub),
  );
}

function wsdl(c: Context, { parties, clients }: SoapDoorContext): Response {
  const party = c.req.param('party') ?? '';
  if (!parties.has(party)) throw new Refusal('not-found', say('there-is-no', { thing: 'party', got: received(party) }));
  if (![...new URL(c.req.url).searchParams.keys()].some((name) => /^(?:single)?wsdl$/i.test(name)))
    throw new Refusal('not-found', say('only-wsdl-here'));
  return c.body(wsdlAt(`${clients.originOf(c)}/soap/v1/${encodeURIComponent(party)}`), 200, {
    'Content-Type': MEDIA_TYPES['1.1'],
  });
}

/** The first message waits until the SOAP modules are loaded. Other requests do not wait. */
async function soapDoor(c: Context, hub: SoapDoorContext): Promise<Response> {
  note(c, { party: c.req.param('party') ?? '' });
  const { version } = readMediaType(c.req.header('content-type'));
  const soap = await loadSoap().catch((error: Error) => error);
  return soap instanceof Error ? refuse(c, hub, version, soap) : soap.answer(c, hub, version);
}
