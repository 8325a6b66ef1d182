import type { REPLY_FAULTS } from './reply-faults.ts';

/** The id by which an adapter may skip a guarantee, with a reason. */
export type GuaranteeId =
  | 'refused-connection'
  | 'broken-connection'
  | 'no-answer'
  | 'dripping-answer'
  | 'half-answer'
  | (typeof REPLY_FAULTS)[number]['id']
  | 'retry-after'
  | 'server-error'
  | 'wrong-charset'
  | 'outcome-per-item'
  | 'privacy'
  | 'doubt-known'
  | 'doubt-new'
  | 'doubt-stays'
  | 'exactly-once'
  | 'order'
  | 'session-expiry'
  | 'nfc';
