import { readFileSync } from 'node:fs';
import type { Context } from 'hono';
import { msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { AppContext } from '../../app-context.ts';
import { storedContentType } from '../../body.ts';
import { inLanguage, languageOf } from '../../language.ts';
import { Refusal } from '../../problem.ts';
import { callerOf, type DoorContext } from '../door.ts';
import type { Caller } from './authenticate.ts';
import { asDeclared } from './declarations.ts';
import { PUSHES, readValue } from './message.ts';
import type { OperationName } from './wsdl.ts';
import type { Writable } from './xml.ts';

export type OperationContext = DoorContext & Pick<AppContext, 'index' | 'audit'>;

/** The operation, its caller, and the received body for the message log. */
export interface Call {
  readonly c: Context;
  readonly party: string;
  readonly caller: Caller;
  readonly operation: OperationName;
  readonly values: readonly unknown[];
  readonly body: Buffer;
}

const { version: VERSION } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/**
 * Runs the operation of an envelope. The result is the content of the response element, in WSDL
 * order.
 */
export async function run(hub: OperationContext, call: Call): Promise<Writable> {
  switch (call.operation) {
    case 'PushDossiers':
    case 'PushProgress':
      return push(hub, call);
    case 'GetDossier':
      return getDossier(hub, call);
    case 'Ping':
      return { time: msToInstant(hub.nowMs()), version: VERSION };
  }
}

async function push(hub: OperationContext, { c, party, caller, operation, values, body }: Call): Promise<Writable> {
  const carried = PUSHES[operation] as 'dossier.upsert.v1';
  const { receipt, results } = await hub.pipeline.accept({
    receivedAt: msToInstant(hub.nowMs()),
    party,
    door: 'soap',
    operation: carried,
    keyName: caller.key.id,
    // Its parameters (boundary, charset) are needed to read the stored body again.
    mediaType: storedContentType(c, 1_000),
    body,
    bodyBytes: body.length,
    ...callerOf(c),
    items: await mapYielding(values, (value) => readValue(carried, value)),
  });
  const shown = inLanguage(languageOf(c), results).map(({ index, code, outcome, problems, warnings }) => ({
    index,
    code,
    outcome,
    problems: problems?.map(({ path, message }) => ({ path, message })),
    warnings: warnings?.map(({ path, message }) => ({ path, message })),
  }));
  return { receipt, result: shown };
}

/**
 * A party reads its own dossiers in full (IndexReader.toldBy), and the audit records each read. It
 * learns nothing of others.
 */
async function getDossier(hub: OperationContext, { party, caller, values }: Call): Promise<Writable> {
  if (!caller.isFresh) throw new Refusal('forbidden', say('timestamp-needed'));
  const code = cleanCode(String(values[0] ?? ''));
  if (code === '')
    throw new Refusal(
      'bad-request',
      say('of-place', { path: 'code', problem: say('missing', { expected: say('a-dossier-code') }) }),
    );
  const found = await hub.index.toldBy(code, party);
  if (!found)
    throw new Refusal('not-found', say('party-lacks-dossier', { got: received(party), near: received(code) }));
  const subject = auditSubject('dossier', found.record.code);
  await hub.audit.write({ actor: caller.key.id, action: 'dossier.read-personal', subject, why: 'GetDossier' });
  return { dossier: asDeclared('tns:Dossier', found.record) as Writable };
}
