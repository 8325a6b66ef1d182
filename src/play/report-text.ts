/** Aligns rows in columns: the first to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number)))
      .join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  return [line(head), rule, ...all.slice(1).map(line)].join('\n');
}

/** Further faults of one kind add no information. */
const MOST_FAULTS = 60;

/** The one form of a report: sections, then the verdict with its faults. */
export function reportText(
  sections: readonly (string | readonly string[])[],
  verdict: string | undefined,
  faults: readonly string[] = [],
): string {
  const texts = sections.flatMap((section) => ['', ...(typeof section === 'string' ? [section] : section)]);
  if (verdict === undefined) return texts.join('\n');
  const more = faults.length - MOST_FAULTS;
  return [
    ...texts,
    '',
    verdict,
    ...faults.slice(0, MOST_FAULTS).map((fault) => `  - ${fault}`),
    ...(more > 0 ? [`  … and ${more} more; all of them with --json`] : []),
  ].join('\n');
}
