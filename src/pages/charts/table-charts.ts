import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { bar, type Tone } from '../parts/parts.ts';
import type { ChartWords } from './chart.ts';

// These charts are tables themselves: every value is also written, so no second table stands behind them.

export interface RankedRow {
  readonly name: Html | string;
  /** Null where nothing was counted. */
  readonly value: number | null;
  readonly tone?: Tone;
}

export interface RankedBars extends ChartWords {
  readonly head: string;
  readonly valueHead: string;
  readonly rows: readonly RankedRow[];
  /** The value of a full bar. */
  readonly full: number;
  readonly format: (value: number) => string;
}

/** One bar per line, in the given order. */
export function rankedBars({ id, title, description, head, valueHead, rows, full, format }: RankedBars): Html {
  return html`<figure class="chart card" aria-labelledby="${id}"><figcaption id="${id}">${title}</figcaption>
<p class="note">${description}</p>
<table class="bars"><thead class="hidden"><tr><th scope="col">${head}</th><th scope="col">${valueHead}</th></tr></thead>
<tbody>${rows.map(
    ({ name, value, tone = 'now' }) => html`<tr><th scope="row">${name}</th><td><span class="bar-row">${
      value === null ? '' : bar(value / full, format(value), tone)
    }<span class="value">${value === null ? '–' : format(value)}</span></span></td></tr>
`,
  )}</tbody></table></figure>`;
}

export interface HeatRow {
  readonly name: Html | string;
  readonly values: readonly (number | null)[];
}

export interface HeatMap extends ChartWords {
  readonly head: string;
  readonly columns: readonly string[];
  readonly rows: readonly HeatRow[];
  /** The colour of a value, from 0 (calm) to 4 (look here). */
  readonly levelOf: (value: number) => 0 | 1 | 2 | 3 | 4;
  /** The meaning of each colour. */
  readonly legend: readonly [string, string, string, string, string];
  /** Short, because it stands in a small cell. */
  readonly format: (value: number) => string;
}

/** Lines by columns, each value in its cell, with a colour by its level. */
export function heatMap({ id, title, description, head, columns, rows, levelOf, legend, format }: HeatMap): Html {
  return html`<figure class="chart card" aria-labelledby="${id}"><figcaption id="${id}">${title}</figcaption>
<p class="note">${description}</p>
<ul class="legend">${legend.map((text, level) => html`<li><span class="swatch heat-${level}"></span> ${text}</li>`)}</ul>
<div class="scroll" role="region" tabindex="0" aria-label="${title}"><table class="heat"><thead><tr><th scope="col">${head}</th>${columns.map(
    (name) => html`<th scope="col" class="number">${name}</th>`,
  )}</tr></thead>
<tbody>${rows.map(
    ({ name, values }) => html`<tr><th scope="row">${name}</th>${values.map((value) =>
      value === null ? html`<td>–</td>` : html`<td class="heat-${levelOf(value)}">${format(value)}</td>`,
    )}</tr>
`,
  )}</tbody></table></div></figure>`;
}
