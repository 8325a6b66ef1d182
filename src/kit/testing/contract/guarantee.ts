import type { Outcome } from '#core/dossier/settle';
import type { Operation } from '#schemas/operations';
import type { Fault } from '../simulator/faults.ts';
import type { Bench, Undisturbed } from './bench.ts';
import type { GuaranteeId } from './guarantee-id.ts';
import type { Subject, Vitest } from './subject.ts';

/** What the sender of one operation promises whatever its partner does. */
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
