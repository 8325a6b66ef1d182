import type { Replicas } from '../database/replicas.ts';
import { createAuditWatch } from './audit-watch.ts';
import { watchContradictions } from './contradictions.ts';
import { createLastWrite, type LastWrite } from './last-write.ts';
import { createPayloadShapes, type PayloadShapes } from './payload-shapes.ts';
import { watchReplicas } from './replica-watch.ts';
import { createRestoreWatch, type RestoreWatch } from './restore-watch.ts';
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

/** @param folder the folder of the database server, if the hub runs it */
export function createWatches(
  context: WatchContext,
  folder: string | undefined,
  replicas: Pick<Replicas, 'states'>,
): Watches {
  return {
    restore: createRestoreWatch({ ...context, folder }),
    shapes: createPayloadShapes(context),
    lastWrite: createLastWrite(context.nowMs),
    audit: createAuditWatch(context),
    contradictions: () => watchContradictions(context),
    replicas: () => watchReplicas(context, replicas.states()),
  };
}
