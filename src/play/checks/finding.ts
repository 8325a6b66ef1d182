import { addTo } from '#core/group-by';

/** A difference from what the partners' acknowledgements and their own books require. */
export interface Finding {
  /**
   * `lost`: acknowledged and missing. `invented`: present and never acknowledged. `duplicated`: taken more than once.
   * `overtaken`: in another order than it was sent. `wrong`: present with another content.
   */
  readonly kind: 'lost' | 'invented' | 'duplicated' | 'overtaken' | 'wrong';
  readonly text: string;
  /** The partner whose book shows it; `index` for the hub itself. */
  readonly where: string;
}

/** Comparable lines of each dossier, by its code. */
export type Lines = ReadonlyMap<string, readonly string[]>;

export interface Comparison {
  readonly where: string;
  /** The holder's name in messages, such as `the change feed`. */
  readonly holder: string;
  readonly expected: Lines;
  readonly found: Lines;
  /** `state`: one line each; a different line is wrong. `order`: the order counts too. */
  readonly by?: 'state' | 'order';
}

/** The one comparison of all checks: each expected line is present once, and no others. */
export function compare({ where, holder, expected, found, by }: Comparison): readonly Finding[] {
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((code) => {
    const [wanted, held] = [expected.get(code) ?? [], found.get(code) ?? []];
    const [missing, extra] = [without(wanted, held), without(held, wanted)];
    const finding = (kind: Finding['kind'], text: string): Finding => ({ kind, text: `${code}: ${text}`, where });
    if (by === 'state' && missing.length > 0 && extra.length > 0)
      return finding('wrong', `${holder} says ${held.join(', ')}, expected ${wanted.join(', ')}`);
    if (by === 'order' && missing.length + extra.length === 0 && held.join() !== wanted.join())
      return finding('overtaken', `${holder} has ${held.join(', ')}, expected the order ${wanted.join(', ')}`);
    return [
      ...missing.map((line) => finding('lost', `${holder} lacks ${line}`)),
      ...extra.map((line) =>
        wanted.includes(line)
          ? finding('duplicated', `${holder} has ${line} too often`)
          : finding(
              'invented',
              `${holder} has ${line}, expected ${wanted.length === 0 ? 'nothing' : 'only the others'}`,
            ),
      ),
    ];
  });
}

/** Groups the lines of some items by code. `lineOf` returns undefined for an item that does not count. */
export function linesOf<T>(
  things: Iterable<T>,
  codeOf: (thing: T) => string,
  lineOf: (thing: T) => string | undefined,
): Lines {
  const lines = new Map<string, string[]>();
  for (const thing of things) {
    const line = lineOf(thing);
    if (line === undefined) continue;
    addTo(lines, codeOf(thing), line);
  }
  return lines;
}

export const codeOf = ({ code }: { readonly code: string }): string => code;
export const keyOf = ({ key }: { readonly key: string }): string => key;

/** Other lines for the same codes. */
export function mapLines(lines: Lines, change: (own: readonly string[], code: string) => readonly string[]): Lines {
  return new Map([...lines].map(([code, own]) => [code, change(own, code)]));
}

/** The last line of each code. */
export function lastOf(lines: Lines): Lines {
  return mapLines(lines, (own) => own.slice(-1));
}

export function only(lines: Lines, isMeant: (code: string) => boolean): Lines {
  return new Map([...lines].filter(([code]) => isMeant(code)));
}

/** A list minus another one, counting repeats. */
function without(list: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return list.filter((one) => {
    const at = left.indexOf(one);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
