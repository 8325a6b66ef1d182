/** The door for adapters of a kind of systems that each party describes by its settings, without code of its own. */

export { type Answer, coded, firstAt, NOWHERE, type NoAnswer, noAnswer, readDocument } from './answer.ts';
export { EXPIRED, type Failure, stuck, type Transport, type TransportCall } from './ask.ts';
export { ministryAdapter } from './ministry.ts';
export { ministrySettings, Place as settingPlace, type Question, secretText, settingText } from './settings.ts';
export type { Filled } from './source.ts';
export { meaningOf } from './tables.ts';
