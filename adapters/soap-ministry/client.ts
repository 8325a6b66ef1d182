import { type Connection, callSoap, fold, nodesAt, retryAfterMs, type SoapResult, say, soapOutcome } from '#kit';
import {
  type Answer,
  EXPIRED,
  type Transport as MinistryTransport,
  meaningOf,
  NO_RECORDS,
  type NoAnswer,
  noAnswer,
  notElsewhere,
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
    const called = await callSoap(
      connection,
      serviceOf(settings, (question as { readonly service?: string }).service),
      {
        operation,
        idempotent: idempotent && !isCounted,
        secret,
        hide: hidden,
        args: argumentsOf(request),
        pick: pickingOf(result, records),
      },
    );
    if (called.kind === 'answer') {
      const read = await readAnswer(called, result, settings, records);
      const answer = 'kind' in read ? read : proven(connection, read, result, records);
      const wait = retryAfterMs(called.headers, connection.now());
      return 'kind' in answer || wait === undefined ? answer : { ...answer, retryAfterMs: wait };
    }
    return isExpiredFault(settings, called) ? EXPIRED : soapOutcome(called, shown, connection.now(), { idempotent });
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
  return readText(picked[0] ?? '', result, settings, records);
}

/**
 * Fails if an answer of success shows no records because it is another answer than the settings describe. Read as an empty
 * list it would lose records: the answer lacks the outermost element of their path, or has another list.
 */
function proven(
  { settings, codes }: Pick<Connection<Settings>, 'settings' | 'codes'>,
  answer: Answer,
  result: Result,
  records: string | undefined,
): Answer | NoAnswer {
  const { content, code, message } = answer;
  if (records === undefined || (code !== undefined && meaningOf(settings, codes, code, message) !== 'ok'))
    return answer;
  const [outermost = ''] = records.split('.');
  if (!result && answer.records.length === 0 && records.includes('.') && nodesAt(content, outermost).length === 0)
    return noAnswer('no-records', say('no-proof', { path: outermost }));
  return notElsewhere(answer, records);
}

/**
 * Reads a text that should be a document. Some systems put the code of a failure in its place: `ERR:1` where `<Data>…`
 * stands otherwise. Then `answer.code` names that place, and a document there is success.
 */
function readText(
  text: string,
  { at, form }: NonNullable<Result>,
  settings: Settings,
  records: string | undefined,
): Answer | NoAnswer | Promise<Answer | NoAnswer> {
  const { answer, ...others } = settings;
  if ([answer?.code].flat().includes(at) === false) return readDocument(text, { form, place: at, records }, settings);
  const isDocument = text.trim() === '' || /^\s*[<{[]/.test(text);
  return isDocument
    ? readDocument(text, { form, place: at, records }, others)
    : withCode(settings, nested(at, text), []);
}

/** A document with a text at a path. */
function nested(path: string, text: string): unknown {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), text);
}

/** Whether a fault means that the session has ended: an entry of `answer.expired` stands in its code or words. */
function isExpiredFault({ answer }: Settings, result: SoapResult): boolean {
  if (result.kind !== 'fault') return false;
  const { code, reason } = result.fault;
  // SOAP 1.1 refines codes after a dot: `soap:Client.SessionExpired`.
  const words = fold(`${code} ${code.replaceAll('.', ' ')} ${reason}`);
  return (answer?.expired ?? []).some((one) => standsIn(words, fold(one)));
}

/**
 * Whether a text has these words as a whole. Part of a longer code does not count: `H60.01-250401-0035` has no `401`. If the
 * hub took such a fault for an ended session, it would send a push twice.
 */
function standsIn(text: string, words: string): boolean {
  const literal = words.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const whole = `(?<![\\p{L}\\p{N}][._,/-]?)${literal}(?![._,/-]?[\\p{L}\\p{N}])`;
  return new RegExp(whole, 'u').test(text);
}
