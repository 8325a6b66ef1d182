/** Everything that an adapter may import, apart from schemas, mappings and packages. */

export { parseVnd } from '#core/catalogue/fees-and-terms';
export { formatLocal, msToInstant, parseInstant, parseLocal } from '#core/dates/dates';
export {
  type InvalidItem,
  type Item,
  type RecordItem,
  readItem,
  readReport,
  type WaitingItem,
} from '#core/dossier/item';
export type { Outcome } from '#core/dossier/settle';
export { pointer } from '#core/explain';
export { type CodesOf, type CodeTable, NO_CODES } from '#core/identifiers/codes';
export { cleanCode, isDossierCode, serviceKey } from '#core/identifiers/identifiers';
export { type Problem, problem, unmappedCause } from '#core/problem';
export { fold, inspectText } from '#core/vietnamese/text';
export { quotedText, say, type TextOrWords, textOrWordsOf, type Words } from '#messages/message';
export { received } from '#messages/received';
export { inEnglish, sentenceOf } from '#messages/render';
export { storedWords, wordsText } from '#messages/stored';
export { defineAdapter } from './adapter.ts';
export { callWithToken, type Reply } from './call-with-token.ts';
export type { Callback, CallbackReply, CallbackResult } from './callback.ts';
export { isSecret, isSigned, sentObject } from './callback-checks.ts';
export type { Connection } from './connection.ts';
export type { DroppedFile } from './drops.ts';
export { fingerprint, sha256Hex } from './fingerprint.ts';
export type { Exchange } from './http/exchange.ts';
export { isLinkLocal } from './http/link-local.ts';
export { retryAfterMs } from './http/retry-after.ts';
export { timeouts } from './http/timeouts.ts';
export { sendInOrder } from './in-order.ts';
export { issuedTokens } from './issued-tokens.ts';
export { fetchOAuthToken } from './oauth-token.ts';
export {
  delivered,
  nothingToSend,
  refused,
  stopRequested,
  unavailable,
  unknown,
  unknownAgency,
  unknownService,
  unmapped,
} from './outcomes.ts';
export type { CellValue } from './places/workbook.ts';
export type { HubQueries, Page, Puller } from './puller.ts';
export type { Comparison, Reconciler } from './reconciler.ts';
export { type About, describeReply, jsonObject, outcomeWithoutReply, partnerText, textOf } from './replies.ts';
export type { Outgoing, Sender } from './sender.ts';
export { callSoap, type SoapResult, type SoapService } from './soap/call-soap.ts';
export { loadNodeSoap } from './soap/node-soap.ts';
export { soapOutcome } from './soap/outcome.ts';
export { webhookHeaders } from './webhooks.ts';
export { nodesAt, readXml, textAt, textIn } from './xml/read-xml.ts';
export { writable, XmlProblem } from './xml/text.ts';
