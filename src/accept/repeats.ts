import { repeats } from '#core/records/apply';
import { type KindRecord, subjectOf } from '#core/records/kind';
import { withoutStandIns } from '#core/records/stand-ins';
import { loadRecordEvents, recordContentId } from '../index/record-events.ts';
import type { Submission } from '../ledger/submission.ts';
import type { HubContext } from '../process/hub-context.ts';

/** The indexes of the items with a record of a kind whose content is recorded already. */
export async function findRepeats(
  { database, vault, kinds }: Pick<HubContext, 'database' | 'vault' | 'kinds'>,
  { party, items }: Pick<Submission, 'party' | 'items'>,
): Promise<ReadonlySet<number>> {
  const said = items.flatMap((item, index) => {
    const kind = item.kind === 'record' ? kinds.of(item.operation) : undefined;
    if (item.kind !== 'record' || !kind) return [];
    const contentId = recordContentId(kind, withoutStandIns(item.record, item.standIns ?? []));
    return [{ index, contentId, subject: subjectOf(kind, (item.record as unknown as KindRecord).code) }];
  });
  const events = await loadRecordEvents(database.pool, vault, [...new Set(said.map(({ subject }) => subject))]);
  const isRepeat = ({ subject, contentId }: (typeof said)[number]): boolean =>
    repeats(events.get(subject) ?? [], { contentId, party, isJudged: false });
  return new Set(said.filter(isRepeat).map(({ index }) => index));
}
