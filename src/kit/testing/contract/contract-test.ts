import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Operation } from '#schemas/operations';
import type { Adapter, Outgoing } from '../../adapter.ts';
import type { SimulatorDefinition } from '../simulator/simulator.ts';
import type { TestConnection, TestMeans } from '../test-connection.ts';
import { callbackGuarantees } from './callback-guarantees.ts';
import { folderRules } from './folder.ts';
import { pullGuarantees } from './pull-guarantees.ts';
import { type GuaranteeId, sendGuarantees } from './send-guarantees.ts';
import { wireCases } from './wire-cases.ts';

export type Vitest = Pick<typeof import('vitest'), 'describe' | 'test' | 'expect'>;

export interface ContractOptions {
  /** The adapter's folder: `import.meta.dirname`. */
  readonly folder: string;
  readonly adapter: Adapter;
  /** A party's connection, made with `testConnection`, to a partner that listens at `url`. */
  connect(url: string, means: TestMeans): TestConnection;
  /** Changes a sample into one that this partner can take, where the usual one (a birth registration) cannot be. */
  sample?(outgoing: Outgoing): Outgoing;
  /** The partner takes the outgoing's id as a key, so that sending twice in doubt does no harm. */
  readonly repeatsHarmless?: boolean;
  /** The partner's way to say `text` when it refuses; problem details and other usual forms where it is not given. */
  refusal?(text: string): { readonly status: number; readonly body: unknown };
  /** Guarantees that this adapter cannot give, each with the reason. */
  readonly skip?: Readonly<Partial<Record<GuaranteeId, string>>>;
}

/** What the guarantees are tested on. */
export interface Subject extends ContractOptions {
  readonly simulator: SimulatorDefinition;
}

/**
 * Declare an adapter's tests: the wire cases of its folder, what every adapter has to guarantee whatever its partner
 * does, and the rules for its folder. To be awaited at the top of `adapters/<name>/adapter.test.ts`.
 */
export async function contractTest(options: ContractOptions): Promise<void> {
  // Adapters run without the test library; only their tests come here.
  const vitest: Vitest = await import('vitest');
  const file = pathToFileURL(join(options.folder, 'simulator.ts')).href;
  const { default: simulator } = (await import(/* @vite-ignore */ file)) as { default: SimulatorDefinition };
  const subject: Subject = { ...options, simulator };
  wireCases(options, vitest);
  for (const operation of Object.keys(options.adapter.send ?? {}) as Operation[])
    sendGuarantees(subject, operation, vitest);
  for (const name of Object.keys(options.adapter.pull ?? {})) pullGuarantees(subject, name, vitest);
  for (const name of Object.keys(options.adapter.callbacks ?? {})) callbackGuarantees(subject, name, vitest);
  folderRules(subject, vitest);
}
