import type { Outcome } from '#core/dossier/settle';
import type { Operation } from '#schemas/operations';
import { faultFrom, type Undisturbed, undisturbed, withBench } from './bench.ts';
import { doubtGuarantees } from './doubt-guarantees.ts';
import type { Trial } from './guarantee.ts';
import type { GuaranteeId } from './guarantee-id.ts';
import { messageGuarantees } from './message-guarantees.ts';
import { replyGuarantees } from './reply-guarantees.ts';
import type { Subject, Vitest } from './subject.ts';

/** Which guarantees are tested: all, or one of each kind. */
export type Depth = 'full' | 'smoke';

/** A broken reply, a batch, personal data, a repetition, spelling. */
const SMOKE: ReadonlySet<GuaranteeId> = new Set(['half-answer', 'outcome-per-item', 'privacy', 'exactly-once', 'nfc']);

/** Those of them that take no fault at each request. */
const SAMPLE: ReadonlySet<GuaranteeId> = new Set(['half-answer', 'outcome-per-item', 'nfc']);

/** Declares the guarantees of the sender of one operation. */
export function sendGuarantees(
  subject: Subject,
  operation: Operation,
  { describe, test, expect }: Vitest,
  depth: Depth,
): void {
  let known: Promise<Undisturbed> | undefined;
  const trial: Trial = {
    subject,
    operation,
    expect,
    plain: () => (known ??= undisturbed(subject, operation)),
    bench: (use, fault) => withBench(subject, operation, use, fault),
    async fromEachRequest(fault, use, doubt = false) {
      // An item in doubt takes one more request, the look-up.
      const requests = (await trial.plain()).requests + Number(doubt);
      for (let n = 1; n <= requests; n++) {
        const found = await trial.bench(async (bench) => {
          await faultFrom(bench, n, fault);
          const [outcome] = await bench.send({ ...bench.sample(), doubt });
          return { outcome: outcome as Outcome, wires: bench.wires, taken: bench.taken() };
        }, fault);
        use({ ...found, isLastRequest: n === requests });
      }
    },
  };
  describe(`sending ${operation}`, () => {
    for (const { id, title, run } of [...replyGuarantees, ...doubtGuarantees, ...messageGuarantees]) {
      if (depth === 'smoke' && !SMOKE.has(id)) continue;
      if (subject.part !== 'all' && SAMPLE.has(id) !== (subject.part === 'sample')) continue;
      const reason = subject.skip?.[id];
      if (reason) test.skip(`${title} (skipped: ${reason})`);
      else test(title, () => run(trial));
    }
  });
}
