import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Operation } from '#schemas/operations';
import { callbacksOf, type Offers, offersOf } from '../../adapter.ts';
import type { SimulatorDefinition } from '../simulator/simulator.ts';
import { askGuarantees } from './ask-guarantees.ts';
import { callbackGuarantees } from './callback-guarantees.ts';
import { folderRules } from './folder.ts';
import { pullGuarantees } from './pull-guarantees.ts';
import { sendGuarantees } from './send-guarantees.ts';
import type { ContractOptions, Subject, Vitest } from './subject.ts';
import { wireCases } from './wire-cases.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * Set by vitest.config.ts: the project `quick` runs a sample, `thorough` the tests that it left out. Without it every
     * guarantee runs, of a party `like` another a few.
     */
    readonly contractTest?: 'sample' | 'rest';
  }
}

/**
 * Declares an adapter's tests: the wire cases of its folder, the guarantees of every adapter, and the rules for its
 * folder. To be awaited at the top of `adapters/<name>/adapter.test.ts`.
 */
export async function contractTest(options: ContractOptions): Promise<void> {
  // Imported here because adapters run without the test library.
  const vitest: Vitest = await import('vitest');
  const file = pathToFileURL(join(options.folder, 'simulator.ts')).href;
  const { default: simulator } = (await import(/* @vite-ignore */ file)) as { default: SimulatorDefinition };
  const part = vitest.inject('contractTest') ?? 'all';
  const subject: Subject = { ...options, simulator, part };
  /** For the tests that are in the sample as they are. */
  const inSample = part === 'rest' ? { ...vitest, test: vitest.test.skip as Vitest['test'] } : vitest;
  wireCases(options, inSample);
  const { sends, pulls, callbacks } = offered(options);
  for (const operation of sends as Operation[])
    sendGuarantees(subject, operation, vitest, isTestedElsewhere(options, operation) ? 'smoke' : 'full');
  for (const name of pulls) pullGuarantees(subject, name, inSample);
  askGuarantees(subject, inSample);
  for (const name of callbacks) callbackGuarantees(subject, name, vitest);
  folderRules(subject, inSample);
}

const isTestedElsewhere = ({ sendsAsAdapter, sendsLike }: ContractOptions, operation: Operation): boolean =>
  sendsAsAdapter === true || sendsLike?.[operation] !== undefined;

/** What the party of the tests offers. A party that settings describe may lack operations of its adapter. */
function offered({ adapter, connect }: ContractOptions): Offers & { readonly callbacks: readonly string[] } {
  const connection = connect('http://127.0.0.1:9', {});
  connection.close();
  const callbacks = Object.keys(callbacksOf(adapter, connection.settings));
  return { ...offersOf(adapter, connection.settings), callbacks };
}
