import { createAuditWatch } from './audit-watch.ts';
import { createLastWrite, type LastWrite } from './last-write.ts';
import { createPayloadShapes, type PayloadShapes } from './payload-shapes.ts';
import { createRestoreWatch, type RestoreWatch } from './restore-watch.ts';
import type { WatchContext } from './watch-context.ts';

/** Everything that watches the hub from inside, and opens incidents. */
export interface Watches {
  readonly restore: RestoreWatch;
  readonly shapes: PayloadShapes;
  readonly lastWrite: LastWrite;
  /** Follows the chain of the audit; see createAuditWatch. */
  readonly audit: () => Promise<void>;
}

/** @param folder the folder of the database server, when it is the hub's own */
export function createWatches(context: WatchContext, folder: string | undefined): Watches {
  return {
    restore: createRestoreWatch({ ...context, folder }),
    shapes: createPayloadShapes(context),
    lastWrite: createLastWrite(context.nowMs),
    audit: createAuditWatch(context),
  };
}
