import type { Context } from 'hono';
import Type from 'typebox';
import { quote } from '#core/explain';
import { readBody } from '../../body.ts';
import { Refusal, refusalOf } from '../../problem.ts';
import type { AddRoute } from '../../route.ts';
import { note } from '../door.ts';
import { type AuthenticationMeans, authenticate, basicKey, type Caller } from './authenticate.ts';
import type { OperationName } from './envelope.ts';
import { faultResponse, writeEnvelope } from './faults.ts';
import { readMediaType } from './media-type.ts';
import { openMessage, PUSHES, xmlOf } from './message.ts';
import { type OperationMeans, run } from './operations.ts';
import { inSteps } from './steps.ts';
import { MEDIA_TYPES, type Version } from './versions.ts';
import { HUB_NAMESPACE, wsdlAt } from './wsdl.ts';
import { writeElement } from './xml.ts';

const UNANSWERED_BYTES = 64 * 1024;

export interface SoapDoorMeans extends OperationMeans, AuthenticationMeans {}

/** `POST /soap/v1/{party}`, SOAP 1.1 and 1.2, and its WSDL. */
export function addSoapDoor(add: AddRoute, means: SoapDoorMeans): void {
  add(
    {
      method: 'get',
      path: '/soap/v1/{party}',
      tag: 'Doors',
      summary: 'The WSDL of the SOAP door, with `?wsdl`',
      query: Type.Object({ wsdl: Type.String({ description: 'its presence counts, not its value' }) }),
      replies: {
        200: { description: 'WSDL 1.1 with its schema inside', mediaType: 'text/xml', schema: Type.String() },
      },
    },
    (c) => wsdl(c, means),
  );
  add(
    {
      method: 'post',
      path: '/soap/v1/{party}',
      tag: 'Doors',
      summary: 'PushDossiers, PushProgress, GetDossier or Ping, by SOAP 1.1 or 1.2',
      description:
        'The messages are those of the WSDL. Credentials: HTTP Basic, or WS-Security with a UsernameToken (PasswordDigest; PasswordText over TLS) or a signed Body; user name and password are the id and the secret of a key with the scope dossier:write. At most 1,000 items an envelope.',
      body: { 'text/xml': Type.String(), 'application/soap+xml': Type.String(), 'multipart/related': Type.String() },
      replies: {
        200: { description: 'The response element of the operation', mediaType: 'text/xml', schema: Type.String() },
        400: {
          description: 'SOAP 1.2: a fault with the code Sender',
          mediaType: 'application/soap+xml',
          schema: Type.String(),
        },
        401: { description: 'A fault, and a Basic challenge', mediaType: 'text/xml', schema: Type.String() },
        500: {
          description: 'SOAP 1.1: a fault; 1.2: a fault with the code Receiver',
          mediaType: 'text/xml',
          schema: Type.String(),
        },
      },
    },
    (c) => soapDoor(c, means),
  );
}

function wsdl(c: Context, { parties }: SoapDoorMeans): Response {
  const { party, url } = { party: partyOf(c), url: new URL(c.req.url) };
  if (!parties.has(party)) throw new Refusal('not-found', `there is no party ${quote(party)}`);
  if (![...url.searchParams.keys()].some((name) => /^(?:single)?wsdl$/i.test(name)))
    throw new Refusal('not-found', `there is nothing to read here but ?wsdl; messages are sent by POST`);
  return c.body(wsdlAt(`${url.origin}/soap/v1/${encodeURIComponent(party)}`), 200, {
    'Content-Type': MEDIA_TYPES['1.1'],
  });
}

async function soapDoor(c: Context, means: SoapDoorMeans): Promise<Response> {
  note(c, { party: partyOf(c) });
  const media = readMediaType(c.req.header('content-type'));
  let version = media.version;
  try {
    const basic = basicKey(c, means.keys);
    const body = await readBody(c, means.maxBodyBytes);
    // What nobody has answered for yet is kept only where it is small: a flood must not fill the database.
    if (body.length <= UNANSWERED_BYTES) note(c, { body });
    const xml = xmlOf(body, c.req.header('content-type'));
    const message = await inSteps(openMessage(xml));
    const { head } = message;
    version = head.version;
    note(c, { operation: PUSHES[head.operation] ?? head.operation });
    refuseOtherAction(c, head.operation);
    const caller = await authenticate(c, means, basic, head.security, xml);
    note(c, { keyName: caller.key.id, body });
    const party = mayPush(c, means, caller);
    const used = caller.signedXml === undefined ? message : await inSteps(openMessage(Buffer.from(caller.signedXml)));
    const { operation } = used.head;
    const result = await run(means, { c, party, caller, operation, values: await inSteps(used.values()), body });
    const response = writeElement(`${operation}Response`, result, ` xmlns="${HUB_NAMESPACE}"`);
    return c.body(writeEnvelope(version, response), 200, { 'Content-Type': MEDIA_TYPES[version] });
  } catch (error) {
    return refuse(c, means, version, error);
  }
}

async function refuse(c: Context, means: SoapDoorMeans, version: Version, error: unknown): Promise<Response> {
  await means.noteRefusal(c, error);
  return faultResponse(c, version, refusalOf(error));
}

function partyOf(c: Context): string {
  return c.req.param('party') ?? '';
}

/** The body says what is asked; a header that says something else is a mistake, or an attempt to get past a filter. */
function refuseOtherAction(c: Context, operation: OperationName): void {
  const header = c.req
    .header('soapaction')
    ?.trim()
    .replace(/^"(.*)"$/, '$1');
  const parameter = readMediaType(c.req.header('content-type')).parameters.get('action');
  for (const action of [header, parameter])
    if (action && action !== `${HUB_NAMESPACE}/${operation}`)
      throw new Refusal(
        'bad-request',
        `the SOAPAction is ${quote(action)} and the Body asks for ${operation}, expected ${HUB_NAMESPACE}/${operation} or none`,
      );
}

function mayPush(c: Context, { parties }: SoapDoorMeans, { key }: Caller): string {
  const party = partyOf(c);
  if (!key.scopes.includes('dossier:write'))
    throw new Refusal('forbidden', `the key ${key.id} lacks the scope dossier:write`);
  if (!parties.has(party)) throw new Refusal('not-found', `there is no party ${quote(party)}`);
  if (key.party !== party)
    throw new Refusal('forbidden', `the key ${key.id} is not a key of the party ${quote(party)}`);
  return party;
}
