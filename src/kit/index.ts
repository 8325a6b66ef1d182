/** The door for adapter authors: everything an adapter may use, apart from the schemas, the mappings and packages. */

export { formatLocal, instantToMs, type LocalFormat, msToInstant, parseInstant, parseLocal } from '#core/dates/dates';
export { type InvalidItem, type Item, type RecordItem, readItem, type WaitingItem } from '#core/dossier/item';
export type { Outcome } from '#core/dossier/settle';
export { pointer, quote } from '#core/explain';
export { type CodesOf, type CodeTable, NO_CODES } from '#core/identifiers/codes';
export { cleanCode, identityKindOf, isDossierCode, serviceKey } from '#core/identifiers/identifiers';
export { parseTerm, parseVnd } from '#core/money';
export { type Problem, unmappedKey } from '#core/problem';
export { fold, inspectText, nfc } from '#core/vietnamese/text';
export {
  type Adapter,
  type Asks,
  type Callback,
  type CallbackReply,
  type CallbackRequest,
  type CallbackResult,
  type Change,
  type Comparison,
  type Connection,
  defineAdapter,
  delivered,
  nothingToTell,
  type Outgoing,
  type Page,
  type Puller,
  type Reconciler,
  refused,
  type Sender,
  unavailable,
  unknown,
  unknownAgency,
  unknownService,
  unmapped,
  wantsNoMore,
} from './adapter.ts';
export { isSecret, isSigned, sentObject } from './callbacks.ts';
export { fingerprint } from './fingerprint.ts';
export { type Exchange, retryAfterMs, type WireRecord } from './http/http.ts';
export { isLinkLocal } from './http/link-local.ts';
export { timeouts } from './http/timeouts.ts';
export { inOrder } from './in-order.ts';
export { jsonObject, partnerText, textOf, withoutReply } from './replies.ts';
export type { SoapArguments, SoapValue } from './soap/arguments.ts';
export { callSoap, type SoapResult, type SoapService } from './soap/call-soap.ts';
export { loadNodeSoap } from './soap/node-soap.ts';
export { type SoapFailure, soapOutcome } from './soap/outcome.ts';
export type { Picking } from './soap/reply.ts';
export { secretsOfSecurity } from './soap/security.ts';
export { webhookHeaders } from './webhooks.ts';
export { nodesAt, readXml, textAt, textIn, type XmlElement } from './xml/read-xml.ts';
export { xmlRecords } from './xml/records.ts';
export { writable, XmlProblem } from './xml/text.ts';
