/** A line that an operator entered or took out, as far as versions need it. */
export interface VersionedEntry {
  readonly from: string;
  /** Null: the entered line was taken out. */
  readonly to: string | null;
  readonly at: string;
  readonly inForceAt: string;
  readonly who: string;
  readonly why: string;
}

type VersionLine = Pick<VersionedEntry, 'from' | 'to'>;

/** One version of a code table: the lines that came into force together. */
export interface TableVersion {
  readonly version: number;
  readonly at: string;
  readonly inForceAt: string;
  readonly who: string;
  readonly why: string;
  /** `to` null: the entered line was taken out. */
  readonly lines: readonly VersionLine[];
}

/**
 * The versions of one code table of one party, oldest first. Version 0 is the table before any entry.
 *
 * @param entries all entries of the table, in the order in which they come into force
 */
export function versionsOf(entries: readonly VersionedEntry[]): readonly TableVersion[] {
  const versions: (TableVersion & { lines: VersionLine[] })[] = [];
  for (const { from, to, at, inForceAt, who, why } of entries) {
    const last = versions.at(-1);
    if (last?.inForceAt === inForceAt) last.lines.push({ from, to });
    else versions.push({ version: versions.length + 1, at, inForceAt, who, why, lines: [{ from, to }] });
  }
  return versions;
}

/** The entered lines that count in a version. */
export function linesOfVersion(versions: readonly TableVersion[], version: number): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const one of versions.slice(0, version))
    for (const { from, to } of one.lines) {
      if (to === null) lines.delete(from);
      else lines.set(from, to);
    }
  return lines;
}

/** The lines that lead from one version to another: entered, changed and taken out. */
export function linesBetween(versions: readonly TableVersion[], from: number, to: number): readonly VersionLine[] {
  const [now, then] = [linesOfVersion(versions, from), linesOfVersion(versions, to)];
  const codes = [...new Set([...now.keys(), ...then.keys()])].sort();
  return codes.flatMap((code) =>
    now.get(code) === then.get(code) ? [] : [{ from: code, to: then.get(code) ?? null }],
  );
}
