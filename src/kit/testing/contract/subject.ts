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
  /** A party's connection to a partner at `url`, made with `testConnection`. */
  connect(url: string, options: TestConnectionOptions): TestConnection;
  /** Changes a sample into one that this partner takes, if it does not take a birth registration. */
  sample?(outgoing: Outgoing): Outgoing;
  /** The partner takes the item's id as idempotency key, so a repeat in doubt does no harm. */
  readonly repeatsHarmless?: boolean;
  /** The partner's form of a refusal with `text`. By default problem details and other usual forms. */
  refusal?(text: string): { readonly status: number; readonly body: unknown };
  /** Operations that run another one's code. They get the smoke test, the other one gets every guarantee. */
  readonly sendsLike?: Readonly<Partial<Record<Operation, Operation>>>;
  /** A party by settings. The adapter's own test gives its senders every guarantee, so they get the smoke test here. */
  readonly sendsAsAdapter?: boolean;
  /** Values for each question of the party, for a record that the simulator has. */
  readonly asks?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Guarantees that this adapter cannot give, each with the reason. */
  readonly skip?: Readonly<Partial<Record<GuaranteeId, string>>>;
}

/** The adapter under test. */
export interface Subject extends ContractOptions {
  readonly simulator: SimulatorDefinition;
  /** In a sample a few guarantees, and a few of the hostile values. The rest has the other guarantees, and all values. */
  readonly part: 'all' | 'sample' | 'rest';
}
