import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import type { IconName } from './icon.ts';
import { emptyState } from './parts.ts';

export interface TableOf<Item> {
  readonly caption: string;
  /** Shown when the list is empty. */
  readonly empty: string;
  /** The icon beside it: `circle-check` where an empty list is good news. */
  readonly emptyIcon?: IconName;
  readonly items: readonly Item[];
  readonly columns: readonly Column<Item>[];
}

export interface Column<Item> {
  readonly head: string;
  readonly cell: (item: Item) => Html | string | number;
  readonly isNumber?: boolean;
}

/** A table with this number of columns is wider than a tablet. */
const WIDE = 5;

/** A table, or a list of cards where it has too little room (cards.css). The first column names the row. */
export function table<Item>({ caption, empty, emptyIcon = 'inbox', items, columns }: TableOf<Item>): Html {
  if (items.length === 0) return emptyState(emptyIcon, empty);
  const classOf = ({ isNumber }: Column<Item>): Html => (isNumber ? html` class="number"` : html``);
  return html`<div class="scroll${columns.length >= WIDE ? ' wide' : ''}" role="region" tabindex="0" aria-label="${caption}"><table class="cards">
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${classOf(column)}>${column.head}</th>`)}</tr></thead>
<tbody>${items.map(
    (item) =>
      html`<tr>${columns.map((column, at) =>
        at === 0 ? html`<th scope="row"${classOf(column)}>${column.cell(item)}</th>` : cellOf(column, item),
      )}</tr>
`,
  )}</tbody>
</table></div>`;
}

const NOTHING = '–';

/** On a card its label stands above it, and a cell without content is left out. */
function cellOf<Item>({ head, cell, isNumber }: Column<Item>, item: Item): Html {
  const content = cell(item);
  const classes = [isNumber && 'number', String(content) === NOTHING && 'nothing'].filter(Boolean).join(' ');
  return html`<td${classes ? html` class="${classes}"` : ''} data-label="${head}">${content}</td>`;
}
