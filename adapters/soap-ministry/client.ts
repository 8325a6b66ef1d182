import { callSoap, fold, nodesAt, retryAfterMs, type SoapFailure, type SoapResult, say, soapOutcome } from '#kit';
import {
  type Answer,
  EXPIRED,
  type Transport as MinistryTransport,
  NO_RECORDS,
  type NoAnswer,
  noAnswer,
  type Picking,
  readDocument,
  secretsOfSecurity,
  withCode,
} from '#ministry';
import { argumentsOf } from './arguments.ts';
import { type Settings, serviceOf } from './settings.ts';

type Result = { readonly at: string; readonly form: 'xml' | 'json' } | undefined;
const LARGEST_TEXT = 64 * 1024 * 1024;

/** Calls a ministry that has a WSDL. */
export const transport: MinistryTransport<Settings> = {
  async call(connection, { question, request, records, idempotent, isCounted, secret, hidden, shown }) {
    const { settings } = connection;
    const { operation, result } = question;
    const called = await callSoap(connection, serviceOf(settings), {
      operation,
      idempotent: idempotent && !isCounted,
      secret,
      hide: hidden,
      args: argumentsOf(request),
      pick: pickingOf(result, records),
    });
    if (called.kind === 'answer') {
      const answer = await readAnswer(called, result, settings, records);
      const wait = retryAfterMs(called.headers, connection.now());
      return 'kind' in answer || wait === undefined ? answer : { ...answer, retryAfterMs: wait };
    }
    return isExpiredFault(settings, called) ? EXPIRED : soapOutcome(called, shown, connection.now());
  },
  secrets: ({ security }) => secretsOfSecurity(security),
};

/** What to extract from the Body: the records, or the text that contains them. */
function pickingOf(result: Result, records = NO_RECORDS): Picking {
  return result ? { path: result.at, as: 'text', maxRecord: LARGEST_TEXT } : { path: records };
}

async function readAnswer(
  { body, picked }: Extract<SoapResult, { kind: 'answer' }>,
  result: Result,
  settings: Settings,
  records: string | undefined,
): Promise<Answer | NoAnswer> {
  if (!result) {
    const isEmpty = nodesAt(body, '*').length === 0 && Object.keys(body).every((name) => /^[@#]/.test(name));
    if (isEmpty && picked.length === 0) return noAnswer('empty', say('envelope-empty'));
    return withCode(settings, body, picked);
  }
  return readDocument(picked[0] ?? '', { form: result.form, place: result.at, records }, settings);
}

/** Whether a fault means that the session has ended: its code or words contain an entry of `answer.expired`. */
function isExpiredFault({ answer }: Settings, result: SoapFailure): boolean {
  if (result.kind !== 'fault') return false;
  const words = fold(`${result.fault.code} ${result.fault.reason}`);
  return (answer?.expired ?? []).some((one) => words.includes(fold(one)));
}
