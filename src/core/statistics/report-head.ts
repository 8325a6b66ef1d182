/** A heading of a report, which may cover several columns and rows. */
export interface HeadCell {
  readonly text: string;
  readonly columns?: number;
  readonly rows?: number;
}

/** A heading with the first row and column that it covers, from 0. */
export interface PlacedHeading extends Required<HeadCell> {
  readonly row: number;
  readonly column: number;
}

type Head = readonly (readonly HeadCell[])[];

/** Places each heading in the first free columns of its row. A heading of several rows covers columns of the next rows. */
export function placeHeadings(head: Head): readonly PlacedHeading[] {
  /** By column, the first row that no heading covers yet. */
  const freeFrom: number[] = [];
  return head.flatMap((cells, row) => {
    let next = 0;
    return cells.map(({ text, columns = 1, rows = 1 }) => {
      while ((freeFrom[next] ?? 0) > row) next++;
      const column = next;
      for (; next < column + columns; next++) freeFrom[next] = row + rows;
      return { text, columns, rows, row, column };
    });
  });
}

/** The headings over each column, the highest first. Of several rows, the last one only numbers the columns. */
export function headingsOver(head: Head): readonly (readonly PlacedHeading[])[] {
  const over: PlacedHeading[][] = [];
  for (const heading of placeHeadings(head.length > 1 ? head.slice(0, -1) : head))
    for (let column = heading.column; column < heading.column + heading.columns; column++)
      over[column] = [...(over[column] ?? []), heading];
  return over;
}
