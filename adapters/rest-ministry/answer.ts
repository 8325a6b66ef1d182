import { type Connection, nodesAt, type Reply, retryAfterMs, say, textAt, textIn, unavailable } from '#kit';
import {
  type Answer,
  hasAt,
  type Failure as MinistryFailure,
  meaningOf,
  type NoAnswer,
  noAnswer,
  notElsewhere,
  pathAbove,
  readDocument,
  type TransportCall,
  textOfBody,
  withCode,
} from '#ministry';
import type { Settings } from './settings.ts';
import { codeOf, formOf, isPage, meaningOfStatus } from './statuses.ts';

export type Ministry = Connection<Settings>;

/** Reads a reply. Its messages are safe to log. */
export async function answerOf(
  connection: Ministry,
  exchange: Reply,
  call: TransportCall,
): Promise<Answer | NoAnswer | MinistryFailure> {
  const text = textOfBody(exchange.body, exchange.headers['content-type']);
  const isSuccess = exchange.status >= 200 && exchange.status < 300;
  if (isSuccess && text === undefined) return noAnswer('charset', say('bytes-not-as-declared'));
  const answer = isSuccess
    ? await read(text as string, exchange.status, call, connection)
    : await meaningOfStatus(connection, exchange, text, call.shown);
  if ('kind' in answer) return answer;
  return {
    ...answer,
    message: answer.message === undefined ? undefined : call.shown(answer.message),
    retryAfterMs: retryAfterMs(exchange.headers, connection.now()),
  };
}

async function read(
  text: string,
  status: number,
  call: TransportCall,
  { settings, codes }: Ministry,
): Promise<Answer | NoAnswer | MinistryFailure> {
  if (isPage(text)) return unavailable('html', say('page-for-an-answer', { status }));
  const given = await documentIn(text, call, settings);
  const answer = 'kind' in given ? given : withCode(settings, given.content, given.records);
  if (!('kind' in answer) && answer.code !== undefined)
    return meaningOf(settings, codes, answer.code, answer.message) === 'ok'
      ? notElsewhere(answer, call.records)
      : answer;
  const code = codeOf(status);
  const said = meaningOf(settings, codes, code, undefined);
  if (said === undefined) return 'kind' in answer ? answer : proven(answer, text, call);
  // A successful status does not prove that the answer has the list. Treating such an answer as an empty list would
  // lose records.
  const isToShow = said === 'ok' && call.records !== undefined && status !== 204;
  if ('kind' in given) return isToShow ? given : { content: {}, records: [], code };
  const shows = isToShow ? proven(given, text, call) : given;
  return 'kind' in shows ? shows : { ...shows, code };
}

/** A status proves nothing, because maintenance pages and proxies send it too. A list or a receipt does. */
function proven(
  answer: Answer,
  text: string,
  { question, records, reference, idempotent }: TransportCall,
): Answer | NoAnswer {
  if (records !== undefined && answer.records.length === 0) {
    // An empty XML list has no element. Its parent must exist.
    const isXml = (question.result?.form ?? formOf(text)) === 'xml';
    const isThere = isXml ? nodesAt(answer.content, pathAbove(records)).length > 0 : hasAt(answer.content, records);
    if (!isThere) return noAnswer('no-records', say('no-proof', { path: records }));
  }
  if (!idempotent && (reference === undefined || textAt(answer.content, reference) === undefined))
    return noAnswer('no-receipt', say('no-proof-and-no-code', { path: reference ?? 'receipt' }));
  return answer;
}

/** The content of the answer. If the body names a document within it, the content of both. */
async function documentIn(
  text: string,
  { question: { result }, records }: TransportCall,
  settings: Settings,
): Promise<Answer | NoAnswer> {
  const form = formOf(text);
  const { answer: _, ...unsaid } = settings;
  const whole = await readDocument(text, { form, place: 'body', records: result ? undefined : records }, unsaid);
  if ('kind' in whole) return whole;
  if (!result) return whole;
  const inner = textOfNode(nodesAt(whole.content, result.at)[0]);
  // The answer says why the document is missing.
  if (inner === undefined)
    return settings.answer?.code === undefined ? noAnswer('empty', say('place-empty', { path: result.at })) : whole;
  const within = await readDocument(inner, { form: result.form, place: result.at, records }, unsaid);
  if ('kind' in within) return within;
  return { content: { ...(whole.content as object), ...(within.content as object) }, records: within.records };
}

/** The document as text. Some systems send it as a JSON object where others send text. */
function textOfNode(node: unknown): string | undefined {
  return typeof node === 'object' && node !== null && textIn(node) === undefined ? JSON.stringify(node) : textIn(node);
}
