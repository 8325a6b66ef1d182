import type { Outcome } from '#core/dossier/settle';
import type { Operation } from '#schemas/operations';
import type { Fault } from '../simulator/simulator.ts';
import { type Bench, faultFrom, type Undisturbed, undisturbed, withBench } from './bench.ts';
import type { Subject, Vitest } from './contract-test.ts';
import { doubtGuarantees } from './doubt-guarantees.ts';
import { messageGuarantees } from './message-guarantees.ts';
import { type REPLY_FAULTS, replyGuarantees } from './reply-guarantees.ts';

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

export interface Guarantee {
  readonly id: GuaranteeId;
  readonly title: string;
  run(trial: Trial): Promise<void>;
}

/** What a guarantee is given to prove itself. */
export interface Trial {
  readonly subject: Subject;
  readonly operation: Operation;
  readonly expect: Vitest['expect'];
  /** What sending one sample takes when nothing goes wrong. */
  plain(): Promise<Undisturbed>;
  bench<T>(use: (bench: Bench) => Promise<T>): Promise<T>;
  /** Try with the fault beginning at the first request, at the second, up to the last of an undisturbed sending. */
  fromEachRequest(fault: Fault, use: (found: Found) => void, doubt?: boolean): Promise<void>;
}

export interface Found {
  readonly outcome: Outcome;
  readonly taken: number;
  readonly isLastRequest: boolean;
}

/** Declare what the sender of one operation must guarantee whatever its partner does. */
export function sendGuarantees(subject: Subject, operation: Operation, { describe, test, expect }: Vitest): void {
  let known: Promise<Undisturbed> | undefined;
  const trial: Trial = {
    subject,
    operation,
    expect,
    plain: () => (known ??= undisturbed(subject, operation)),
    bench: (use) => withBench(subject, operation, use),
    async fromEachRequest(fault, use, doubt = false) {
      // In doubt there is one request more: the look-up.
      const requests = (await trial.plain()).requests + Number(doubt);
      for (let n = 1; n <= requests; n++) {
        const found = await trial.bench(async (bench) => {
          await faultFrom(bench, n, fault);
          const [outcome] = await bench.send({ ...bench.sample(), doubt });
          return { outcome: outcome as Outcome, taken: bench.taken() };
        });
        use({ ...found, isLastRequest: n === requests });
      }
    },
  };
  describe(`sending ${operation}`, () => {
    for (const { id, title, run } of [...replyGuarantees, ...doubtGuarantees, ...messageGuarantees]) {
      const reason = subject.skip?.[id];
      if (reason) test.skip(`${title} (skipped: ${reason})`);
      else test(title, () => run(trial));
    }
  });
}
