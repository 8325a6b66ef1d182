import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { Fault } from '../../kit/testing/simulator/simulator.ts';
import type { Participants } from '../participants/participants.ts';
import type { DemoName } from './demo-stage.ts';

/** Time in the day (0 to 1), partner, description, and faults. */
type Trouble = readonly [at: number, partner: DemoName, says: string, ...faults: readonly Fault[]];

/** A fault of SOAP 1.2. */
const SOAP_FAULT: Fault = {
  kind: 'status',
  status: 500,
  times: 2,
  forMs: 3_000,
  headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
  body: '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="vi">Cơ sở dữ liệu đang bận</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>',
};

/** A partner that asks the hub to wait. */
const WAIT = { kind: 'status', status: 429, headers: { 'retry-after': '1' }, times: 3 } as const;

/** Each fault ends by time. While the hub's breaker is open, faults ended by a count would remain. */
const TROUBLES: readonly Trouble[] = [
  [0.1, 'national-portal', 'the national portal ends all sessions', { kind: 'session-expired' }],
  [
    0.2,
    'national-portal',
    'the national portal takes deliveries and loses 6 answers',
    { kind: 'drop-reply', times: 6, forMs: 2_000, path: '/mapi/g' },
  ],
  [
    0.25,
    'construction',
    'the construction ministry shows a page, ends its sessions and garbles its letters',
    { kind: 'html', times: 2, forMs: 3_000 },
    { kind: 'session-expired' },
    { kind: 'wrong-charset', forMs: 2_000 },
  ],
  [0.3, 'civil-status', 'the civil-status system is away for 3 s', { kind: 'down', forMs: 3_000 }],
  [
    0.35,
    'portal-webhooks',
    'the subscriber takes deliveries, loses 4 answers and asks 3 times to wait',
    { kind: 'drop-reply', times: 4, forMs: 2_000 },
    { ...WAIT, forMs: 2_000 },
  ],
  [0.4, 'national-portal', 'the national portal is away for 4 s', { kind: 'down', forMs: 4_000 }],
  [
    0.45,
    'agriculture',
    'the agriculture ministry loses 8 answers, and asks 3 times to wait',
    { kind: 'drop-reply', times: 8, forMs: 2_000 },
    { ...WAIT, forMs: 3_000 },
  ],
  [0.5, 'civil-status', 'the civil-status system loses 3 answers', { kind: 'drop-reply', times: 3, forMs: 2_000 }],
  [
    0.55,
    'transport',
    'the transport ministry sends half answers, faults and trickling answers',
    { kind: 'half', times: 2, forMs: 3_000 },
    SOAP_FAULT,
    { kind: 'drip', forMs: 3_000 },
  ],
  [0.6, 'portal-webhooks', 'the subscriber is away for 2 s', { kind: 'down', forMs: 2_000 }],
  [0.65, 'national-portal', 'the national portal shows a maintenance page for 2 s', { kind: 'html', forMs: 2_000 }],
  [
    0.7,
    'one-stop',
    'the one-stop system loses 3 answers and asks 3 times to wait',
    { kind: 'drop-reply', times: 3, forMs: 2_000 },
    { kind: 'status', status: 503, headers: { 'retry-after': '1' }, times: 3, forMs: 2_000 },
  ],
  [
    0.75,
    'igate',
    'iGate ends its tokens, sends 2 half answers and is away for 2 s',
    { kind: 'session-expired' },
    { kind: 'half', times: 2, forMs: 2_000 },
    { kind: 'down', forMs: 2_000 },
  ],
  [
    0.8,
    'national-portal',
    'the national portal sends half and empty answers, and ends its sessions again',
    { kind: 'half', times: 3, forMs: 1_000 },
    { kind: 'empty', times: 3, forMs: 2_000 },
    { kind: 'session-expired' },
  ],
];

/** Injects the day's faults at their times. */
export async function bringTrouble(
  participants: Participants<DemoName>,
  {
    dayMs,
    signal,
    say,
  }: { readonly dayMs: number; readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<void> {
  const began = performance.now();
  for (const [at, partner, says, ...faults] of TROUBLES) {
    await sleep(Math.max(0, began + at * dayMs - performance.now()), undefined, { signal });
    say(says);
    // On a slow machine the previous fault may still hold the partner down.
    await pRetry(() => participants[partner].fault(...faults), { retries: 40, minTimeout: 250, factor: 1, signal });
  }
}
