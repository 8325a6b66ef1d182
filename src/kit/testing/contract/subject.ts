import type { Operation } from '#schemas/operations';
import type { Adapter } from '../../adapter.ts';
import type { Outgoing } from '../../sender.ts';
import type { SimulatorDefinition } from '../simulator/definition.ts';
import type { TestConnection, TestConnectionOptions } from '../test-connection.ts';
import type { GuaranteeId } from './guarantee-id.ts';

export type Vitest = Pick<typeof import('vitest'), 'describe' | 'test' | 'expect' | 'inject'>;

export interface ContractOptions {
  /** The adapter's folder: `import.meta.dirname`. */
  readonly folder: string;
  readonly adapter: Adapter;
  /** A party's connection, made with `testConnection`, to a partner that listens at `url`. */
  connect(url: string, means: TestConnectionOptions): TestConnection;
  /** Changes a sample into one that this partner can take, where the usual one (a birth registration) cannot be. */
  sample?(outgoing: Outgoing): Outgoing;
  /** The partner takes the outgoing's id as a key, so that sending twice in doubt does no harm. */
  readonly repeatsHarmless?: boolean;
  /** The partner's way to say `text` when it refuses; problem details and other usual forms where it is not given. */
  refusal?(text: string): { readonly status: number; readonly body: unknown };
  /** Operations that run the code of another one: they get the smoke test, the other one gets every guarantee. */
  readonly sendsLike?: Readonly<Partial<Record<Operation, Operation>>>;
  /** Guarantees that this adapter cannot give, each with the reason. */
  readonly skip?: Readonly<Partial<Record<GuaranteeId, string>>>;
}

/** What the guarantees are tested on. */
export interface Subject extends ContractOptions {
  readonly simulator: SimulatorDefinition;
}
