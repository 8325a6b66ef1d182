import type { Item } from '#core/dossier/item';
import { atPath } from '#core/problem';
import { CITIZENS, type KindRecord } from '#core/records/kind';
import { say } from '#messages/message';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Pipeline } from '../pipeline.ts';
import type { AppContext } from './app-context.ts';
import { type Refusal, tooOften } from './problem.ts';

type Context = Pick<AppContext, 'kinds' | 'keys' | 'requestLimits' | 'telemetry'>;

/** An item that counts: its index in the request, and the key of its person. */
interface Counted {
  readonly index: number;
  readonly subject: string;
}

/**
 * The pipeline for the doors and the public pages, with a limit of what one person sends in an hour: questions, petitions and
 * ratings. It counts a person by a keyed hash, whichever key or page the request comes by. Systems that synchronise the
 * records of many people are not limited, and repeats do not count.
 */
export function limitPersons(pipeline: Pipeline, hub: Context): Pipeline {
  const onFault = (error: unknown): void => hub.telemetry.failed('count of persons', error);
  const refund = (list: readonly Counted[]) =>
    Promise.all(list.map(({ subject }) => hub.requestLimits.refund('person', subject)));

  /** @throws Refusal 429 for the first item of a person above the limit; nothing of the request counts then */
  async function countAll(submission: Submission): Promise<readonly Counted[]> {
    const people = isLimited(hub, submission) ? peopleOf(hub, submission.items) : [];
    const repeats = people.length > 0 ? await pipeline.repeatsIn(submission) : new Set();
    const counted: Counted[] = [];
    for (const one of people.filter(({ index }) => !repeats.has(index))) {
      const waitS = await hub.requestLimits.take('person', one.subject);
      counted.push(one);
      if (waitS === undefined) continue;
      await refund(counted);
      const place = submission.items.length > 1 ? one.index : undefined;
      throw aboveLimit(place, waitS, hub.requestLimits.personPerHour);
    }
    return counted;
  }

  async function accept(submission: Submission): Promise<Accepted> {
    const counted = await countAll(submission);
    if (counted.length === 0) return pipeline.accept(submission);
    const done = await pipeline.accept(submission).catch(async (error) => {
      await refund(counted).catch(onFault);
      throw error;
    });
    // The items are stored: the sender gets their results, whatever becomes of the count.
    await refund(counted.filter(({ index }) => !isNews(done, index))).catch(onFault);
    return done;
  }

  return { ...pipeline, accept, acceptOnce: (submission) => pipeline.acceptOnce(submission, accept) };
}

/** A key that pushes dossiers too is that of a system that synchronises, unless the settings say otherwise. */
function isLimited({ keys }: Context, { party, keyName }: Submission): boolean {
  if (party === CITIZENS) return true;
  const key = keyName === undefined ? undefined : keys.byId(keyName);
  return key !== undefined && (key.limitsPersons ?? !key.scopes.includes('dossier:write'));
}

function peopleOf({ kinds }: Context, items: readonly Item[]): readonly Counted[] {
  return items.flatMap((item, index) => {
    const sentBy = item.kind === 'record' ? kinds.of(item.operation)?.sentBy : undefined;
    if (item.kind !== 'record' || !sentBy) return [];
    return sentBy(item.record as unknown as KindRecord).map((who) => ({ index, subject: `person ${who}` }));
  });
}

/** Another request may have stored the same content meanwhile. */
function isNews({ results }: Accepted, index: number): boolean {
  const outcome = results.find((one) => one.index === index)?.outcome;
  return outcome !== 'duplicate' && outcome !== 'stale';
}

function aboveLimit(place: number | undefined, seconds: number, most: number): Refusal {
  const limit = say('person-too-often', { most });
  const why = place === undefined ? limit : atPath(`/${place}`, limit);
  return tooOften(say('wait', { why, seconds }), seconds);
}
