import type { Outcome } from '#core/dossier/settle';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import type { Page, Puller } from '../../puller.ts';
import type { Sender } from '../../sender.ts';
import { type Fault, type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { TestConnection } from '../test-connection.ts';
import { sampleOf } from './bench.ts';
import { quotes, secretsIn } from './message-guarantees.ts';
import { PERSONAL } from './samples.ts';
import type { Subject, Vitest } from './subject.ts';
import { hubQueriesOf, pageOf } from './wire-cases.ts';

const NO_PAGE: readonly { readonly title: string; readonly fault: Fault }[] = [
  { title: 'a refused connection', fault: { kind: 'down', forMs: 60_000 } },
  { title: 'a connection that breaks', fault: { kind: 'reset', forMs: 60_000 } },
  { title: 'half an answer', fault: { kind: 'half', forMs: 60_000 } },
  { title: 'a maintenance page with status 200', fault: { kind: 'html', forMs: 60_000 } },
  { title: '{} with status 200', fault: { kind: 'empty', forMs: 60_000 } },
  { title: 'an empty body with status 200', fault: { kind: 'status', status: 200, body: '', forMs: 60_000 } },
  { title: 'status 500', fault: { kind: 'status', status: 500, body: 'error', forMs: 60_000 } },
];

/** Declares the guarantees of a puller: a failure is no page, and a page always reads the same. */
export function pullGuarantees(subject: Subject, name: string, { describe, test, expect }: Vitest): void {
  describe(`pulling ${name}`, () => {
    for (const { title, fault } of NO_PAGE)
      test(`${title} is no page`, () =>
        withPuller(subject, name, async ({ partner, next }) => {
          await partner.fault(fault);
          expect(['unavailable', 'unknown', 'refused']).toContain(((await next()) as Outcome).kind);
        }));

    test('a failure and a checkpoint quote no secret and no number of a person', () =>
      withPuller(subject, name, async ({ partner, connection, next }) => {
        // A page may be about anybody, so a name cannot be recognised.
        const { identityNumber, phone, email } = PERSONAL;
        const hidden = [identityNumber, phone, email, ...secretsIn(connection.settings)];
        for (const { status, body } of quotes(subject, hidden.join(' '))) {
          await partner.clearFaults();
          await partner.fault({ kind: 'status', status, body, forMs: 60_000 });
          // Bodies are messages: the hub seals them, and shows them masked.
          const told = JSON.stringify({ ...(await next()), bodies: [] });
          expect(hidden.filter((value) => told.includes(value))).toEqual([]);
        }
      }));

    test('a page always reads the same', () =>
      withPuller(subject, name, async ({ puller, connection, next }) => {
        const page = (await next()) as Page;
        expect(page.bodies.length).toBeGreaterThan(0);
        for (const { body } of page.bodies) {
          const items = puller.read(body, connection.settings, connection.codes);
          expect(items.map(({ kind }) => kind)).not.toContain('invalid');
          expect(puller.read(Buffer.from(body), connection.settings, connection.codes)).toEqual(items);
        }
      }));
  });
}

interface PullBench {
  readonly partner: Simulator;
  readonly connection: TestConnection;
  readonly puller: Puller<unknown>;
  next(): Promise<Page | Outcome>;
}

/** Runs a test with a partner that has two dossiers, or two records of each other kind that the adapter sends. */
async function withPuller(subject: Subject, name: string, use: (bench: PullBench) => Promise<void>): Promise<void> {
  const partner = await startSimulator(subject.simulator);
  const connection = subject.connect(partner.url, {});
  const puller = subject.adapter.pull?.[name] as Puller<unknown>;
  const { 'dossier.upsert.v1': dossiers, ...others } = subject.adapter.send ?? {};
  const operations = dossiers ? (['dossier.upsert.v1'] as const) : (Object.keys(others) as Operation[]);
  const told = operations.flatMap((operation) => [1, 2].map((number) => sampleOf(subject, operation, number)));
  try {
    for (const outgoing of told) {
      const sender = subject.adapter.send?.[outgoing.operation] as Sender<unknown> | undefined;
      await sender?.send(connection, [outgoing]);
    }
    const records = told.map(({ record }) => record);
    const asks = hubQueriesOf(dossiers ? { outstanding: records as Dossier[] } : { records });
    await use({ partner, connection, puller, next: () => pageOf(puller, connection, undefined, asks) });
  } finally {
    connection.close();
    await partner.close();
  }
}
