/** The one door for adapter authors: all that an adapter may use besides the schemas, the mappings and packages. */

export {
  formatLocal,
  instantToMs,
  type LocalDate,
  type LocalFormat,
  msToInstant,
  parseInstant,
  parseLocal,
} from '#core/dates/dates';
export { type InvalidItem, type Item, type RecordItem, readItem, type WaitingItem } from '#core/dossier/item';
export type { Outcome } from '#core/dossier/settle';
export { pointer, quote } from '#core/explain';
export { type CodesOf, type CodeTable, NO_CODES } from '#core/identifiers/codes';
export {
  cleanCode,
  identityKindOf,
  isDossierCode,
  serviceKey,
} from '#core/identifiers/identifiers';
export { type ParsedTerm, parseTerm, parseVnd, type Vnd } from '#core/money';
export { type Cause, type Problem, unmappedKey } from '#core/problem';
export { fold, type Inspection, inspectText, nfc, similarity } from '#core/vietnamese/text';
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
export { type TestConnection, type TestMeans, testConnection } from './contract/test-connection.ts';
export { type ContractOptions, contractTest } from './contract-test.ts';
export { fingerprint, fingerprintInTurns } from './fingerprint.ts';
export {
  type Call,
  type Exchange,
  type Http,
  retryAfterMs,
  type WireRecord,
} from './http.ts';
export { inOrder } from './in-order.ts';
export { isLinkLocal } from './link-local.ts';
export { least, watchTurns } from './measures.ts';
export { type Answer, coded, firstAt, NOWHERE, type NoAnswer, noAnswer, readDocument } from './ministry/answer.ts';
export {
  EXPIRED,
  type Failure as MinistryFailure,
  stuck,
  type Transport as MinistryTransport,
  type TransportCall,
} from './ministry/ask.ts';
export { ministryAdapter } from './ministry/ministry.ts';
export * as ministryRegistry from './ministry/registry.ts';
export {
  ministrySettings,
  Place as settingPlace,
  type Question as MinistryQuestion,
  secretText,
  settingText,
} from './ministry/settings.ts';
export type { Filled } from './ministry/source.ts';
export { meaningOf } from './ministry/tables.ts';
export { loadNodeSoap } from './node-soap.ts';
export { jsonObject, partnerText, textOf, withoutReply } from './replies.ts';
export type { Sessions } from './session.ts';
export {
  defineSimulator,
  type Fault,
  type Simulator,
  type SimulatorDefinition,
  type SimulatorLedger,
  type SimulatorMeans,
  type SimulatorReply,
  type SimulatorRequest,
  startSimulator,
} from './simulator.ts';
export {
  callSoap,
  type SoapCall,
  type SoapResult,
  type SoapService,
} from './soap.ts';
export type { SoapArguments, SoapValue } from './soap-arguments.ts';
export { type SoapFailure, soapOutcome } from './soap-outcome.ts';
export type { Picking, SoapFault, SoapReply } from './soap-reply.ts';
export { type SoapSecurity, secretsOfSecurity } from './soap-security.ts';
export { timeouts } from './timeouts.ts';
export { webhookHeaders } from './webhooks.ts';
export { nodesAt, readXml, textAt, textIn, type XmlElement, type XmlNode } from './xml.ts';
export { type RecordOptions, xmlRecords } from './xml-records.ts';
export { parts, writable, XmlProblem } from './xml-text.ts';
