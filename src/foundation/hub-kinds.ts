import { createWorkingTime, type WorkingTime } from '#core/dates/working-time';
import type { Kind } from '#core/records/kind';
import { createKinds, type Kinds } from '#core/records/kinds';
import { workingCalendar } from '#mappings/working-days/calendar';
import type { Config } from '../config/config.ts';
import { ALL_KINDS } from '../kinds/all-kinds.ts';

/** The kinds of record of a hub, whose deadlines run in the working time of its province. */
export function hubKinds(
  { file }: Pick<Config, 'file'>,
  all: readonly Kind[] = ALL_KINDS,
): { readonly kinds: Kinds; readonly workingTime: WorkingTime } {
  const workingTime = createWorkingTime(workingCalendar(file.province));
  return { kinds: createKinds(all, workingTime, file), workingTime };
}
