import { msToInstant } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import type { Operation } from '#schemas/operations';
import type { Hub } from '../../../src/hub.ts';
import type { Province } from './province.ts';
import type { Event, Stories } from './stories.ts';

export interface Filled {
  readonly events: number;
  readonly seconds: number;
  /** Events a second in the first and in the last tenth. */
  readonly firstPerSecond: number;
  readonly lastPerSecond: number;
}

const PAGE = 200;
const AT_ONCE = 4;

/** The services that the fixtures do not have. */
export async function fillServices({ pipeline }: Hub, { invented }: Province): Promise<void> {
  await accept(pipeline, 'service.upsert.v1', invented);
}

/**
 * Writes all events through the pipeline, as the doors do.
 * @param tell the number of dossiers so far
 * @throws when the hub does not accept one
 */
export async function fill({ pipeline }: Hub, stories: Stories, tell: (dossiers: number) => void): Promise<Filled> {
  const events = stories.events();
  const begunMs = performance.now();
  const marks: Mark[] = [{ dossiers: 0, events: 0, ms: begunMs }];
  let [done, dossiers] = [0, 0];
  // Lines share the generator: each takes the next page when its last one is committed.
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let page = take(events, PAGE); page.length > 0; page = take(events, PAGE)) {
        await accept(
          pipeline,
          'dossier.upsert.v1',
          page.map(({ record }) => record),
        );
        done += page.length;
        dossiers = Math.max(dossiers, ...page.map(({ n }) => n + 1));
        marks.push({ dossiers, events: done, ms: performance.now() });
        tell(dossiers);
      }
    }),
  );
  const tenth = stories.count / 10;
  return {
    events: done,
    seconds: (performance.now() - begunMs) / 1_000,
    firstPerSecond: rate(marks.filter((mark) => mark.dossiers <= tenth)),
    lastPerSecond: rate(marks.filter((mark) => mark.dossiers >= stories.count - tenth)),
  };
}

/** Writes each of these events as a message of its own, in about this order. */
export async function fillEach({ pipeline }: Hub, events: readonly Event[]): Promise<void> {
  const rest = events.values();
  const write = async (): Promise<void> => {
    for (const { record } of rest) await accept(pipeline, 'dossier.upsert.v1', [record]);
  };
  await Promise.all(Array.from({ length: SINGLES_AT_ONCE }, write));
}

const SINGLES_AT_ONCE = 64;

interface Mark {
  readonly dossiers: number;
  readonly events: number;
  readonly ms: number;
}

function rate(marks: readonly Mark[]): number {
  const [first, last] = [marks[0], marks.at(-1)];
  if (!first || !last || last.ms === first.ms) return 0;
  return ((last.events - first.events) * 1_000) / (last.ms - first.ms);
}

function take(events: Iterator<Event>, most: number): readonly Event[] {
  const page: Event[] = [];
  while (page.length < most) {
    const next = events.next();
    if (next.done) break;
    page.push(next.value);
  }
  return page;
}

async function accept(pipeline: Hub['pipeline'], operation: Operation, values: readonly unknown[]): Promise<void> {
  const body = Buffer.from(JSON.stringify(values));
  const { results } = await pipeline.accept({
    receivedAt: msToInstant(Date.now()),
    party: 'one-stop',
    door: 'rest',
    operation,
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    items: values.map((value) => readItem(operation, value)),
  });
  // Pages are committed side by side, so a later step of a dossier may come first.
  const wrong = results.find(({ outcome }) => outcome !== 'accepted' && outcome !== 'stale');
  if (wrong) throw new Error(`${operation}: ${JSON.stringify(wrong)}`);
}
