import type { Outcome } from '#core/dossier/settle';
import type { Operation } from '#schemas/operations';
import type { WireRecord } from '../../http/exchange.ts';
import type { Fault } from '../simulator/faults.ts';
import type { Bench, Undisturbed } from './bench.ts';
import type { GuaranteeId } from './guarantee-id.ts';
import type { Subject, Vitest } from './subject.ts';

/** A promise of the sender of one operation, whatever its partner does. */
export interface Guarantee {
  readonly id: GuaranteeId;
  readonly title: string;
  run(trial: Trial): Promise<void>;
}

/** What the test of a guarantee receives. */
export interface Trial {
  readonly subject: Subject;
  readonly operation: Operation;
  readonly expect: Vitest['expect'];
  /** The counts of one sample that is sent without faults. */
  plain(): Promise<Undisturbed>;
  bench<T>(use: (bench: Bench) => Promise<T>, fault?: Fault): Promise<T>;
  /** Tests a fault that begins at the first request, at the second, and so on to the last of an undisturbed sending. */
  fromEachRequest(fault: Fault, use: (found: Found) => void, doubt?: boolean): Promise<void>;
}

export interface Found {
  readonly outcome: Outcome;
  readonly wires: readonly WireRecord[];
  readonly taken: number;
  readonly isLastRequest: boolean;
}
