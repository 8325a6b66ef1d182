import { keepingDoubt, type Outcome } from '#core/dossier/settle';
import type { Operation } from '#schemas/operations';
import type { WireRecord } from '../../http/exchange.ts';
import { batchOf, type Outgoing, type Sender } from '../../sender.ts';
import { type Fault, type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { TestConnection } from '../test-connection.ts';
import { sampleOutgoing } from './samples.ts';
import type { Subject } from './subject.ts';

/** One sender of the adapter with one simulated partner, for one test. */
export interface Bench {
  readonly partner: Simulator;
  readonly connection: TestConnection;
  /** The calls as the hub stores them. */
  readonly wires: readonly WireRecord[];
  /** How many items one call may carry. */
  readonly batch: number;
  readonly onePerDossier: boolean;
  sample(number?: number, mark?: string, later?: boolean): Outgoing;
  /** The outcomes as the hub stores them. */
  send(...items: Outgoing[]): Promise<readonly Outcome[]>;
  /** How many records the partner has taken since the bench was ready. */
  taken(): number;
  /** How many requests have arrived since the bench was ready. */
  requests(): number;
}

/** Prepares a bench, runs a test on it, and cleans up. Steps need their dossiers, so the dossiers are sent first. */
export async function withBench<T>(
  subject: Subject,
  operation: Operation,
  use: (bench: Bench) => Promise<T>,
  fault?: Fault,
): Promise<T> {
  const partner = await startSimulator(subject.simulator);
  const wires: WireRecord[] = [];
  const connection = subject.connect(partner.url, { ...limitOf(fault), record: (wire) => wires.push(wire) });
  try {
    if (operation === 'dossier.progress.v1') await tellDossiers(subject, partner.url);
    const before = { taken: partner.ledger.count(), requests: partner.requests().length };
    const sender = senderOf(subject, operation);
    return await use({
      partner,
      connection,
      wires,
      batch: batchOf(sender, connection.settings),
      onePerDossier: sender.onePerDossier ?? false,
      sample: (number, mark, later) => sampleOf(subject, operation, number, mark, later),
      send: async (...items) => {
        const outcomes = await sender.send(connection, items);
        return outcomes.map((outcome, at) => keepingDoubt(items[at] as Outgoing, outcome));
      },
      taken: () => partner.ledger.count() - before.taken,
      requests: () => partner.requests().length - before.requests,
    });
  } finally {
    connection.close();
    await partner.close();
  }
}

/** A short time for calls that are not answered in time. A busy machine takes longer for the others. */
export const limitOf = (fault: Fault | undefined): { readonly totalMs?: number } =>
  fault?.kind === 'delay' || fault?.kind === 'drip' ? { totalMs: 500 } : {};

export interface Undisturbed {
  /** How many requests one sample takes, login included. */
  readonly requests: number;
  readonly taken: number;
}

/** Sends one sample without faults. The guarantees compare with its counts. */
export function undisturbed(subject: Subject, operation: Operation): Promise<Undisturbed> {
  return withBench(subject, operation, async (bench) => {
    const [outcome] = await bench.send(bench.sample());
    if (outcome?.kind !== 'delivered') throw new Error(`the sample is not delivered: ${JSON.stringify(outcome)}`);
    return { requests: bench.requests(), taken: bench.taken() };
  });
}

/** Starts a lasting fault at the n-th request from now on. */
export async function faultFrom(bench: Bench, n: number, fault: Fault): Promise<void> {
  if (n > 1) await bench.partner.fault({ kind: 'pass', times: n - 1 });
  await bench.partner.fault(fault.kind === 'down' ? fault : { ...fault, forMs: 60_000 });
}

export function sampleOf(subject: Subject, operation: Operation, number = 1, mark?: string, later?: boolean): Outgoing {
  const outgoing = sampleOutgoing(operation, number, mark, later);
  return subject.sample?.(outgoing) ?? outgoing;
}

async function tellDossiers(subject: Subject, url: string): Promise<void> {
  const sender = subject.adapter.send?.['dossier.upsert.v1'] as Sender<unknown> | undefined;
  if (!sender) return;
  const connection = subject.connect(url, {});
  for (const number of [1, 2, 3])
    await sender.send(connection, [sampleOf(subject, 'dossier.upsert.v1', number, 'bắt đầu')]);
  connection.close();
}

function senderOf(subject: Subject, operation: Operation): Sender<unknown> {
  return subject.adapter.send?.[operation] as unknown as Sender<unknown>;
}
