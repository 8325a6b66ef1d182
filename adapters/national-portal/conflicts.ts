import { type Item, inEnglish, type RecordItem, say, type WaitingItem } from '#kit';

/**
 * Handles a list that has one code twice with different content. The first entry is taken. The second waits for an
 * operator, who sees both names. An entry that the operator releases replaces the first one until the next read of the
 * list, so the list itself must be corrected at its source.
 */
export function withoutConflicts(kind: 'agency' | 'field', items: readonly Item[]): readonly Item[] {
  const first = new Map<string, RecordItem>();
  return items.map((item) => {
    if (item.kind !== 'record') return item;
    const known = first.get(item.record.code);
    if (known && JSON.stringify(known.record) !== JSON.stringify(item.record)) return conflict(kind, known, item);
    first.set(item.record.code, item);
    return item;
  });
}

function conflict(kind: string, first: RecordItem, item: RecordItem): WaitingItem {
  const { code } = item.record;
  const words = inEnglish(say('listed-twice', { kind, code, first: shown(first), second: shown(item) }));
  return {
    kind: 'waiting',
    operation: item.operation,
    code,
    cause: { kind: 'code-conflict', key: `code-conflict:${kind}:${code}`, ...words },
    problems: [{ path: '', ...words }],
    ifAccepted: item,
  };
}

/** The name and all other members that tell two entries apart. */
function shown({ record }: RecordItem): string {
  const { code: _, inForce: __, ...rest } = record as unknown as Readonly<Record<string, unknown>>;
  return JSON.stringify(rest);
}
