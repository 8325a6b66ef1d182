import type { Item, RecordItem } from '#core/dossier/item';
import { pointer } from '#core/explain';
import { maskedDossier } from '#core/masking/masked-record';
import { maskNamesIn } from '#core/masking/masking';
import { createMentions, type Mentions } from '#core/masking/mentions';
import type { KindRecord } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import { maskRecord } from '#core/records/mask-record';
import type { Dossier } from '#schemas/dossier.upsert.v1';

/** A member that two readings of one item read differently. */
export interface MemberChange {
  /** JSON Pointer. Empty for the whole item. */
  readonly path: string;
  /** Null where a reading has no value. `***` where a masked value has nothing to show. */
  readonly was: unknown;
  readonly would: unknown;
}

const MOST_CHANGES = 50;
const MASKED = '***';

/**
 * The members that differ between two readings of one item. An item that only one of them reads has one change: its status.
 *
 * @param kinds to mask personal data; absent to show it
 */
export function differencesOf(was: Item | undefined, would: Item | undefined, kinds?: Kinds): readonly MemberChange[] {
  if (was?.kind !== 'record' || would?.kind !== 'record') return [onlyStatus(was, would)];
  const people = [was, would].flatMap(applicantOf);
  const [before, after] = kinds
    ? [maskedRecordOf(was, kinds, people), maskedRecordOf(would, kinds, people)]
    : [was.record, would.record];
  return pathsOf(was.record, would.record, [])
    .slice(0, MOST_CHANGES)
    .map((path) => {
      const values = [valueAt(was.record, path), valueAt(would.record, path)];
      const [old, next] = [before, after].map((record, at) => shownAt(record, path, values[at]));
      return {
        path: path.map((name) => `/${pointer(name)}`).join(''),
        was: old,
        would: next,
      };
    });
}

/** Whether two readings of one item say the same. */
export function readsTheSame(was: Item | undefined, would: Item | undefined): boolean {
  if (was?.kind === 'record' && would?.kind === 'record')
    return JSON.stringify(was.record) === JSON.stringify(would.record);
  return sayingOf(was) === sayingOf(would);
}

/** What an item that is not read waits for, or what is wrong with it. */
function sayingOf(item: Item | undefined): string {
  if (item?.kind === 'waiting') return `waiting ${item.cause.key}`;
  return item?.kind === 'invalid' ? `invalid ${item.problems.map(({ path, code }) => `${path} ${code}`).join()}` : '';
}

function onlyStatus(was: Item | undefined, would: Item | undefined): MemberChange {
  const [before, after] = [statusIn(was), statusIn(would)];
  return { path: (before ?? after) === undefined ? '' : '/status', was: before ?? null, would: after ?? null };
}

function statusIn(item: Item | undefined): unknown {
  if (item?.kind !== 'record') return undefined;
  const { record } = item;
  return 'status' in record ? record.status : undefined;
}

type Path = readonly string[];

function pathsOf(was: unknown, would: unknown, path: Path): readonly Path[] {
  if (JSON.stringify(was) === JSON.stringify(would)) return [];
  if (!isMembers(was) || !isMembers(would)) return [path];
  const names = [...new Set([...Object.keys(was), ...Object.keys(would)])];
  return names.flatMap((name) => pathsOf(was[name], would[name], [...path, name]));
}

function valueAt(record: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, name) => (isMembers(value) ? value[name] : undefined), record);
}

function shownAt(record: unknown, path: Path, value: unknown): unknown {
  if (value === undefined) return null;
  return valueAt(record, path) ?? MASKED;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Free texts of a step may name the applicant, whom only the dossier names. */
const TEXTS_OF_STEPS = ['actor', 'title', 'unit', 'content', 'note'];
/** Masks what looks like a name, because the dossier in the index may name people whom neither reading names. */
const ANY_NAMES: Mentions = {
  mayBeIn: () => true,
  mask: (text, namesUnit) => (namesUnit ? text : maskNamesIn(text)),
};
/** Of an applicant only these members identify nobody. */
const KINDS_OF_APPLICANT = ['kind', 'identityKind'];

type Applicant = NonNullable<Dossier['applicant']>;

function applicantOf({ operation, record }: RecordItem): readonly Applicant[] {
  const { applicant } = operation === 'dossier.upsert.v1' ? (record as Dossier) : {};
  return applicant ? [applicant] : [];
}

/** @param people the applicants of both readings */
function maskedRecordOf({ operation, record }: RecordItem, kinds: Kinds, people: readonly Applicant[]): object {
  const kind = kinds.of(operation);
  if (kind) return maskRecord(kind, record as unknown as KindRecord);
  if (operation === 'dossier.progress.v1')
    return Object.fromEntries(
      Object.entries(record).map(([name, value]) => [name, TEXTS_OF_STEPS.includes(name) ? MASKED : value]),
    );
  if (operation !== 'dossier.upsert.v1') return record;
  const { applicant } = record as Dossier;
  const masked = maskedDossier(record as Dossier, people.length > 0 ? createMentions(people) : ANY_NAMES);
  if (!applicant) return masked;
  const shown = Object.entries(applicant).map(([name, value]) => [
    name,
    KINDS_OF_APPLICANT.includes(name) ? value : MASKED,
  ]);
  return { ...masked, applicant: Object.fromEntries(shown) };
}
