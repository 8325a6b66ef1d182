import { RunTimer, rejectAll, resolveAll, type WaitingCall } from '../concurrency/run-timer.ts';
import { FairChoice, type RunKind, type WaitingInput } from './fair-choice.ts';

/** How inputs are weighed, and which of them may not be in two runs at once. */
export interface IngestLimits<In> {
  /** The weight that one run takes at most; at least one input. */
  readonly size: number;
  /** How long a run that begins beside another one waits for more inputs. */
  readonly lingerMs: number;
  readonly weigh: (input: In) => number;
  readonly senderOf: (input: In) => string;
  /** What it changes. Two runs never hold the same key, and inputs with a common key keep their order. */
  readonly keysOf: (input: In) => readonly string[];
}

interface Waiting<In, Out> extends WaitingCall<In, Out>, WaitingInput {}

const RUN_KINDS: readonly RunKind[] = ['small', 'large'];

/**
 * Gathers concurrent inputs into few runs, so that no sender waits for another one. Small inputs share runs. Large inputs,
 * and all inputs of a sender whose runs cost much, have runs of their own. Inputs that change the same dossier wait for
 * each other here: in the database, one of them would fail and begin again.
 *
 * @param run answers many inputs at once, in their order; a throw is the error of every caller. It reports its work, in
 *   recorded events that it had to read
 */
export function createIngestQueue<In, Out>(
  run: (inputs: readonly In[], report: (work: number) => void) => Promise<readonly Out[]>,
  { size, lingerMs, weigh, senderOf, keysOf }: IngestLimits<In>,
): (input: In) => Promise<Out> {
  const inputs = new FairChoice<Waiting<In, Out>>(size);
  const timer = new RunTimer(lingerMs, begin);

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      inputs.add({ input, weight: weigh(input), sender: senderOf(input), keys: keysOf(input), resolve, reject });
      schedule();
    });

  function schedule(): void {
    const canRun = inputs.waiting > 0 && (inputs.hasRoom('small') || inputs.hasRoom('large'));
    if (canRun) timer.schedule(inputs.waiting, inputs.underWay);
  }

  function begin(): void {
    for (const kind of RUN_KINDS)
      while (inputs.hasRoom(kind)) {
        const batch = inputs.take(kind);
        if (batch.length === 0) break;
        void start(kind, batch);
      }
  }

  async function start(kind: RunKind, batch: readonly Waiting<In, Out>[]): Promise<void> {
    inputs.runBegan(kind, batch);
    let work = 0;
    try {
      const outs = await run(
        batch.map(({ input }) => input),
        (more) => {
          work += more;
        },
      );
      resolveAll(batch, outs);
    } catch (error) {
      rejectAll(batch, error);
    } finally {
      inputs.runEnded(kind, batch, work);
      timer.runEnded(batch.length);
      schedule();
    }
  }
}
