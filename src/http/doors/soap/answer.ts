import type { Context } from 'hono';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inSteps } from '../../../concurrency/steps.ts';
import type { KeyEntry } from '../../../config/config.ts';
import { requireScopes } from '../../auth.ts';
import type { Load } from '../../bodies.ts';
import { readBody } from '../../body.ts';
import { Refusal } from '../../problem.ts';
import { note, noteUnanswered, partyOf } from '../door.ts';
import { actionOf, isAnsweredByAddressing, writeAddressing } from './addressing.ts';
import { type AuthenticationContext, authenticate, basicKey } from './authenticate.ts';
import type { Envelope } from './envelope.ts';
import { refuse, writeEnvelope } from './faults.ts';
import { readMediaType } from './media-type.ts';
import { openEnvelope, PUSHES, xmlOf } from './message.ts';
import { type OperationContext, run } from './operations.ts';
import { MEDIA_TYPES, type Version } from './versions.ts';
import type { OperationName } from './wsdl.ts';
import { HUB_NAMESPACE } from './wsdl.ts';
import { writeElement } from './xml.ts';

export type SoapDoorContext = OperationContext & AuthenticationContext;

/**
 * Answers an envelope with the response of its operation, or with a fault.
 *
 * @param assumed the version by the Content-Type; the envelope's own version wins
 */
export async function answer(c: Context, hub: SoapDoorContext, assumed: Version): Promise<Response> {
  try {
    const basic = await basicKey(c, hub);
    const known = basic ?? hub.keys.byClient(c)?.key;
    if (basic) note(c, { keyName: basic.id });
    const use = (load: Load) => answerHeld(c, hub, assumed, basic, load);
    return await (known ? hub.bodies.ofKey(known.id, use) : hub.bodies.ofAnonymous(c, use));
  } catch (error) {
    return refuse(c, hub, assumed, error);
  }
}

async function answerHeld(
  c: Context,
  hub: SoapDoorContext,
  assumed: Version,
  basic: KeyEntry | undefined,
  load: Load,
): Promise<Response> {
  let version = assumed;
  let asked: Pick<Envelope, 'operation' | 'addressing'> | undefined;
  try {
    const body = await readBody(c, hub.maxBodyBytes, { load });
    noteUnanswered(c, body);
    return await load.work(body.length, async () => {
      const xml = xmlOf(body, c.req.header('content-type'));
      const message = await inSteps(openEnvelope(xml));
      const { head } = message;
      version = head.version;
      asked = head;
      note(c, { operation: PUSHES[head.operation] ?? head.operation });
      refuseOtherAction(c, head.operation);
      if (head.addressing && !isAnsweredByAddressing(head.addressing, head.operation)) asked = undefined;
      const caller = await authenticate(c, hub, basic, head.security, xml);
      load.belongsTo(caller.key.id);
      note(c, { keyName: caller.key.id, body });
      requireScopes(caller.key, 'dossier:write');
      const party = partyOf(c, hub, caller.key);
      const used =
        caller.signedXml === undefined ? message : await inSteps(openEnvelope(Buffer.from(caller.signedXml)));
      const { operation } = used.head;
      const result = await run(hub, { c, party, caller, operation, values: await inSteps(used.values()), body });
      const response = writeElement(`${operation}Response`, result, ` xmlns="${HUB_NAMESPACE}"`);
      const header = asked?.addressing && writeAddressing(asked.addressing, `${operation}Response`);
      return c.body(writeEnvelope(version, response, header), 200, { 'Content-Type': MEDIA_TYPES[version] });
    });
  } catch (error) {
    const header = asked?.addressing && writeAddressing(asked.addressing, `${asked.operation}:Fault:HubFault`);
    return refuse(c, hub, version, error, header);
  }
}

/**
 * The body defines the operation. A different SOAPAction is a mistake, or an attempt to pass a
 * filter.
 */
function refuseOtherAction(c: Context, operation: OperationName): void {
  const header = c.req
    .header('soapaction')
    ?.trim()
    .replace(/^"(.*)"$/, '$1');
  const parameter = readMediaType(c.req.header('content-type')).parameters.get('action');
  for (const action of [header, parameter])
    if (action && action !== actionOf(operation))
      throw new Refusal(
        'bad-request',
        say('soap-action', { got: received(action), operation, expected: actionOf(operation) }),
      );
}
