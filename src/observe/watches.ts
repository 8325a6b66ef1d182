import type { Replicas } from '../database/replicas.ts';
import { createAuditWatch } from './audit-watch.ts';
import { watchContradictions } from './contradictions.ts';
import { createLastWrite, type LastWrite } from './last-write.ts';
import { createPayloadShapes, type PayloadShapes } from './payload-shapes.ts';
import { watchReplicas } from './replica-watch.ts';
import { createRestoreWatch, type RestoreContext, type RestoreWatch } from './restore-watch.ts';
import type { WatchContext } from './watch-context.ts';

/** All internal checks that open incidents. */
export interface Watches {
  readonly restore: RestoreWatch;
  readonly shapes: PayloadShapes;
  readonly lastWrite: LastWrite;
  /** Checks and signs the audit chain. See createAuditWatch. */
  readonly audit: () => Promise<void>;
  /** Reports parties whose reports contradict records. */
  readonly contradictions: () => Promise<void>;
  /** Reports replicas that are out of use. */
  readonly replicas: () => Promise<void>;
}

export function createWatches(
  context: WatchContext & RestoreContext & { readonly replicas: Pick<Replicas, 'states'> },
): Watches {
  const { replicas } = context;
  return {
    restore: createRestoreWatch(context),
    shapes: createPayloadShapes(context),
    lastWrite: createLastWrite(context.nowMs),
    audit: createAuditWatch(context),
    contradictions: () => watchContradictions(context),
    replicas: () => watchReplicas(context, replicas.states()),
  };
}
