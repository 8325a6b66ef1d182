/** What an adapter for a whole kind of systems imports. Settings describe each party, without code of its own. */

export { pemProblems } from '../kit/http/tls.ts';
export type { SoapArguments, SoapValue } from '../kit/soap/arguments.ts';
export { whyNotCalled } from '../kit/soap/call-soap.ts';
export type { Picking } from '../kit/soap/reply.ts';
export { secretsOfSecurity } from '../kit/soap/security.ts';
export { textOfBody } from '../kit/xml/text.ts';
export {
  type Answer,
  firstAt,
  hasAt,
  NO_RECORDS,
  type NoAnswer,
  noAnswer,
  notElsewhere,
  pathAbove,
  readDocument,
  withCode,
} from './answer.ts';
export { EXPIRED, type Failure, type Transport, type TransportCall, unmappedRequest } from './ask.ts';
export type { Filled } from './fill.ts';
export { readRecord } from './mapping.ts';
export { ministryAdapter } from './ministry.ts';
export {
  ministrySettings,
  Place as settingPlace,
  type Question,
  secretText,
  settingCodes,
  settingFields,
  settingName,
  settingText,
} from './settings.ts';
export { fileProblems, readTargetProblems } from './sources.ts';
export { codeTables, meaningOf, readTableProblems } from './tables.ts';
