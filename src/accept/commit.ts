import { hash } from 'node:crypto';
import { RunTimer, rejectAll, resolveAll, type WaitingCall } from '../concurrency/run-timer.ts';
import { giveWay } from '../concurrency/yielding.ts';
import { isUnavailable } from '../database/failures.ts';
import type { Part } from '../database/parts.ts';
import { settledAmong } from '../ledger/quarantine.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { LastWrite } from '../observe/last-write.ts';
import type { HubContext } from '../process/hub-context.ts';
import { acceptBatch } from './accept.ts';
import { type Acceptance, type AcceptDeps, acceptDepsOf, type CommitDeps } from './accept-deps.ts';
import { isRetryable, mayTryAgain, pauseAfter } from './conflict.ts';
import { codesNamedBy } from './dossiers.ts';
import { FairChoice, type RunKind, type WaitingInput } from './fair-choice.ts';
import { namesFiles, withFiles } from './named-files.ts';
import { subjectsNamedBy } from './records.ts';

interface Committing {
  readonly accept: AcceptDeps;
  readonly files: HubContext['files'];
  readonly random: () => number;
  readonly lastWrite: LastWrite;
  readonly onCommit: CommitDeps['onCommit'];
}

export interface Commit {
  /** Commits a message together with others that arrive at the same time. Rejects if nothing of it was stored. */
  one(submission: Submission): Promise<Accepted>;
  /**
   * Commits the messages of a page, in order. Rejects if one of them was not stored: call again with the page as it is
   * then. The stored ones are not stored again. Of a file, whose results are in the order of its rows, none is stored then.
   *
   * @param together is stored with all of them or not at all
   */
  page(submissions: readonly Submission[], together: readonly Part[]): Promise<void>;
}

/** The most items of one transaction. More rows in one statement gain nothing. */
const BATCH_ITEMS = 1_000;
/** Measured with 16 clients: batches of twice the size, and a third less work for the database. */
const LINGER_MS = 2;

export function createCommit(
  hub: Pick<HubContext, 'database' | 'vault' | 'nowMs' | 'random' | 'kinds' | 'files'>,
  deps: CommitDeps,
): Commit {
  const committing: Committing = {
    accept: acceptDepsOf(hub, deps),
    files: hub.files,
    random: hub.random,
    lastWrite: deps.lastWrite,
    onCommit: deps.onCommit,
  };
  const queue = createIngestQueue(
    (submissions: readonly Submission[], report) => commitAll(committing, submissions, [], { report }),
    {
      size: BATCH_ITEMS,
      lingerMs: LINGER_MS,
      weigh: (submission) => Math.max(submission.items.length, 1),
      senderOf: ({ party }) => party,
      // Most submissions have dossiers alone.
      keysOf: (submission) => {
        const subjects = subjectsNamedBy(hub.kinds, submission);
        const codes = codesNamedBy(submission);
        return subjects.length > 0 ? [...codes, ...subjects] : codes;
      },
    },
  );
  /** By list: the bodies of a page that was stored in part. It is pulled again, and these are not stored twice. */
  const storedBefore = new Map<string, ReadonlySet<string>>();
  return {
    one: async (submission) => storedOf(await queue(submission)),
    async page(submissions, together) {
      const isOfFile = submissions[0]?.receipt !== undefined;
      if (isOfFile) return (await commitAll(committing, submissions, together, { isWhole: true })).forEach(storedOf);
      const list = listOf(submissions);
      const before = storedBefore.get(list) ?? NOTHING;
      const left = before.size === 0 ? submissions : submissions.filter((one) => !before.has(bodyHashOf(one)));
      const results = await commitAll(committing, left, together);
      const refused = new Set(left.filter((_, at) => 'notStored' in (results[at] as Accepted | NotStored)));
      storedBefore.delete(list);
      if (refused.size > 0)
        storedBefore.set(list, new Set(submissions.filter((one) => !refused.has(one)).map(bodyHashOf)));
      for (const one of results) storedOf(one);
    },
  };
}

const NOTHING: ReadonlySet<string> = new Set();

/** The list that a page belongs to. */
function listOf([first]: readonly Submission[]): string {
  return first === undefined ? '' : `${first.party} ${first.door}`;
}

function bodyHashOf({ body = new Uint8Array() }: Submission): string {
  return hash('sha256', body, 'base64');
}

/** The number of tries of a batch, since when, a callback for the work that it took, and whether it may not be split. */
interface Trying {
  readonly tried?: number;
  readonly sinceMs?: number;
  readonly report?: ((work: number) => void) | undefined;
  readonly isWhole?: boolean;
}

/** A message that the database refused, or at which the hub failed. */
interface NotStored {
  readonly notStored: unknown;
}

/**
 * Commits a batch. After a concurrent change the batch is loaded and applied again. A batch that the database refuses,
 * or at which the hub fails, is split, in order, until the message that causes it is alone: it spoils no other sender's.
 *
 * @param together is stored with the last part, and only if all earlier parts are stored
 */
async function commitAll(
  deps: Committing,
  submissions: readonly Submission[],
  together: readonly Part[] = [],
  trying: Trying = {},
): Promise<readonly (Accepted | NotStored)[]> {
  const { tried = 0, sinceMs = performance.now(), report, isWhole = false } = trying;
  const { accept, files, lastWrite, onCommit, random } = deps;
  let checked = submissions;
  let acceptance: Acceptance;
  try {
    // At each try, because a file may have been removed since the last one.
    if (submissions.some(namesFiles)) checked = await withFiles(files, submissions);
    acceptance = await acceptBatch(accept, checked, together, tried === 0);
  } catch (error) {
    lastWrite.failed(error);
    if (isRetryable(error) && mayTryAgain(tried, sinceMs)) {
      await pauseAfter(tried, random);
      return commitWaiting(deps, submissions, together, { ...trying, tried: tried + 1, sinceMs, overtaken: error });
    }
    if (isUnavailable(error) || isWhole || submissions.length <= 1) throw error;
    return commitHalves(deps, submissions, together, report);
  }
  report?.(acceptance.eventsRead);
  lastWrite.kept();
  onCommit(checked, acceptance);
  return acceptance.accepted;
}

/**
 * Tries a batch again after a concurrent change, without the releases of items that no longer wait. A sweep, an operator or
 * another process released them meanwhile. They would fail each further try, and with them the messages of the batch.
 */
async function commitWaiting(
  deps: Committing,
  submissions: readonly Submission[],
  together: readonly Part[],
  { overtaken, ...trying }: Trying & { readonly overtaken: unknown },
): Promise<readonly (Accepted | NotStored)[]> {
  const releases = submissions.flatMap(({ released }) => (released ? [released.quarantineId] : []));
  const settled = await settledAmong(deps.accept.database, releases);
  const isSettled = ({ released }: Submission): boolean => released !== undefined && settled.has(released.quarantineId);
  const left = submissions.filter((one) => !isSettled(one));
  const results = (await commitAll(deps, left, together, trying)).values();
  return submissions.map((one) =>
    isSettled(one) ? { notStored: overtaken } : (results.next().value as Accepted | NotStored),
  );
}

/** Commits the first half of the messages, and then the others. */
async function commitHalves(
  deps: Committing,
  submissions: readonly Submission[],
  together: readonly Part[],
  report: Trying['report'],
): Promise<readonly (Accepted | NotStored)[]> {
  const commitHalf = (half: readonly Submission[], parts: readonly Part[]) =>
    commitAll(deps, half, parts, { report }).catch((notStored) => half.map(() => ({ notStored })));
  const middle = Math.floor(submissions.length / 2);
  const first = await commitHalf(submissions.slice(0, middle), []);
  const isWhole = first.every((one) => !('notStored' in one));
  return [...first, ...(await commitHalf(submissions.slice(middle), isWhole ? together : []))];
}

function storedOf(one: Accepted | NotStored): Accepted {
  if ('notStored' in one) throw one.notStored;
  return one;
}

/** How inputs are weighed, and which of them exclude each other. */
interface IngestLimits<In> {
  /** The largest weight of one run. A run takes at least one input. */
  readonly size: number;
  /** How long a run that begins beside another one waits for more inputs. */
  readonly lingerMs: number;
  readonly weigh: (input: In) => number;
  readonly senderOf: (input: In) => string;
  /** What the input changes. Two runs never hold the same key, and inputs with a common key keep their order. */
  readonly keysOf: (input: In) => readonly string[];
  /** Measures runs. */
  readonly nowMs?: () => number;
}

interface Waiting<In, Out> extends WaitingCall<In, Out>, WaitingInput {}

const RUN_KINDS: readonly RunKind[] = ['small', 'large'];

/**
 * Batches concurrent inputs into few runs, so that no sender waits for another one. Small inputs share runs. Large
 * inputs, and all inputs of a sender with costly runs, have runs of their own. Inputs that change the same dossier wait
 * for each other here, because in the database one of them would fail and begin again.
 *
 * @param run answers many inputs at once, in order; an exception rejects every caller; it reports its work as the
 *   number of recorded events that it read
 */
export function createIngestQueue<In, Out>(
  run: (inputs: readonly In[], report: (work: number) => void) => Promise<readonly Out[]>,
  { size, lingerMs, weigh, senderOf, keysOf, nowMs = () => performance.now() }: IngestLimits<In>,
): (input: In) => Promise<Out> {
  const inputs = new FairChoice<Waiting<In, Out>>(size);
  const timers = {
    small: new RunTimer(lingerMs, () => begin('small')),
    large: new RunTimer(lingerMs, () => begin('large')),
  };

  return (input) =>
    new Promise<Out>((resolve, reject) => {
      schedule(
        inputs.add({ input, weight: weigh(input), sender: senderOf(input), keys: keysOf(input), resolve, reject }),
      );
    });

  function schedule(kind: RunKind): void {
    if (inputs.waiting > 0 && inputs.hasRoom(kind)) timers[kind].schedule(inputs.waiting, inputs.underWay(kind));
  }

  function begin(kind: RunKind): void {
    while (inputs.hasRoom(kind)) {
      const batch = inputs.take(kind);
      if (batch.length === 0) break;
      void start(kind, batch);
    }
  }

  async function start(kind: RunKind, batch: readonly Waiting<In, Out>[]): Promise<void> {
    inputs.runBegan(kind, batch);
    const beganMs = nowMs();
    let work = 0;
    try {
      if (kind === 'large') await giveWay();
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
      inputs.runEnded(kind, batch, { work, tookMs: nowMs() - beganMs });
      timers[kind].runEnded(batch.length);
      // An input of the other kind may have waited for a key of this run.
      for (const next of RUN_KINDS) schedule(next);
    }
  }
}
