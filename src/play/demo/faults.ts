import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { Fault } from '../../kit/testing/simulator/simulator.ts';
import type { Ministries, MinistryName } from '../participants/ministries.ts';
import type { PartnerName, Partners } from '../participants/partners.ts';
import type { Subscriber } from '../participants/subscriber.ts';

interface Trouble {
  /** When in the day, 0 to 1. */
  readonly at: number;
  readonly partner: PartnerName | MinistryName | 'subscriber';
  readonly faults: readonly Fault[];
  readonly says: string;
}

/** A fault of theirs, in the shape of SOAP 1.2. */
const SOAP_FAULT: Fault = {
  kind: 'status',
  status: 500,
  times: 2,
  forMs: 3_000,
  headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
  body: '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="vi">Cơ sở dữ liệu đang bận</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>',
};

/** Each has an end: a hub that leaves a partner alone while it is away would meet counted ones one by one. */
const TROUBLES: readonly Trouble[] = [
  {
    at: 0.1,
    partner: 'national-portal',
    faults: [{ kind: 'session-expired' }],
    says: 'the national portal ends all sessions',
  },
  {
    at: 0.2,
    partner: 'national-portal',
    faults: [{ kind: 'drop-reply', times: 6, forMs: 2_000, path: '/mapi/g' }],
    says: 'the national portal takes what it is told and loses 6 answers',
  },
  {
    at: 0.25,
    partner: 'construction',
    faults: [
      { kind: 'html', times: 2, forMs: 3_000 },
      { kind: 'session-expired' },
      { kind: 'wrong-charset', forMs: 2_000 },
    ],
    says: 'the construction ministry shows a page, ends its sessions and garbles its letters',
  },
  {
    at: 0.3,
    partner: 'civil-status',
    faults: [{ kind: 'down', forMs: 3_000 }],
    says: 'the civil-status system is away for 3 s',
  },
  {
    at: 0.35,
    partner: 'subscriber',
    faults: [
      { kind: 'drop-reply', times: 4, forMs: 2_000 },
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, times: 3, forMs: 2_000 },
    ],
    says: 'the subscriber takes what it is told and loses 4 answers, and asks 3 times to wait',
  },
  {
    at: 0.4,
    partner: 'national-portal',
    faults: [{ kind: 'down', forMs: 4_000 }],
    says: 'the national portal is away for 4 s',
  },
  {
    at: 0.45,
    partner: 'agriculture',
    faults: [
      { kind: 'drop-reply', times: 8, forMs: 2_000 },
      { kind: 'status', status: 429, headers: { 'retry-after': '1' }, times: 3, forMs: 3_000 },
    ],
    says: 'the agriculture ministry loses 8 answers, and asks 3 times to wait',
  },
  {
    at: 0.5,
    partner: 'civil-status',
    faults: [{ kind: 'drop-reply', times: 3, forMs: 2_000 }],
    says: 'the civil-status system loses 3 answers',
  },
  {
    at: 0.55,
    partner: 'transport',
    faults: [{ kind: 'half', times: 2, forMs: 3_000 }, SOAP_FAULT, { kind: 'drip', forMs: 3_000 }],
    says: 'the transport ministry answers by halves, with faults and drop by drop',
  },
  {
    at: 0.6,
    partner: 'subscriber',
    faults: [{ kind: 'down', forMs: 2_000 }],
    says: 'the subscriber is away for 2 s',
  },
  {
    at: 0.65,
    partner: 'national-portal',
    faults: [{ kind: 'html', forMs: 2_000 }],
    says: 'the national portal shows a maintenance page for 2 s',
  },
  {
    at: 0.7,
    partner: 'one-stop',
    faults: [
      { kind: 'drop-reply', times: 3, forMs: 2_000 },
      { kind: 'status', status: 503, headers: { 'retry-after': '1' }, times: 3, forMs: 2_000 },
    ],
    says: 'the one-stop system loses 3 answers and asks 3 times to wait',
  },
  {
    at: 0.8,
    partner: 'national-portal',
    faults: [
      { kind: 'half', times: 3, forMs: 1_000 },
      { kind: 'empty', times: 3, forMs: 2_000 },
      { kind: 'session-expired' },
    ],
    says: 'the national portal answers by halves, with nothing, and ends its sessions again',
  },
];

/** Let the day's troubles come at their time. */
export async function bringTrouble(
  partners: Partners & Ministries & { readonly subscriber: Subscriber },
  {
    dayMs,
    signal,
    say,
  }: { readonly dayMs: number; readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<void> {
  const began = performance.now();
  for (const { at, partner, faults, says } of TROUBLES) {
    await sleep(Math.max(0, began + at * dayMs - performance.now()), undefined, { signal });
    say(says);
    // On a slow machine the partner may still be away of the trouble before.
    await pRetry(() => partners[partner].fault(...faults), { retries: 40, minTimeout: 250, factor: 1, signal });
  }
}
