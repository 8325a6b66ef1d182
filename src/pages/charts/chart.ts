import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';

/** What a chart says in words. */
export interface ChartWords {
  /** Unique on its page. */
  readonly id: string;
  readonly title: string;
  /** The message of the chart in a sentence or two, for those who do not see it. */
  readonly description: string;
}

/** One line, or one layer of the columns. */
export interface Series {
  readonly name: string;
  /** One value per label. Null leaves a gap. */
  readonly values: readonly (number | null)[];
}

export interface SeriesChart extends ChartWords {
  /** The name of the first column of the table, such as Month. */
  readonly head: string;
  readonly labels: readonly string[];
  /** At most four: there are four colours that everybody can tell apart. */
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** The least value of the upper end of the axis, such as 100 for shares. */
  readonly atLeast?: number;
}

/** The size of a drawing, in its own units. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly isForPhones?: boolean;
}

/** Text keeps its size, so wide and narrow windows each have their drawing. */
const WIDE: Size = { width: 640, height: 250 };
const NARROW: Size = { width: 340, height: 230, isForPhones: true };

/** A chart with its title, its legend and the table of its numbers. */
export function seriesFigure(say: Say, chart: SeriesChart, draw: (size: Size) => Html): Html {
  const { id, title, description, series } = chart;
  const drawing = (name: 'wide' | 'narrow', size: Size): Html =>
    html`<svg class="${name}-drawing" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${id}-${name}-title" aria-describedby="${id}-${name}-text"><title id="${id}-${name}-title">${title}</title><desc id="${id}-${name}-text">${description}</desc>${draw(size)}</svg>`;
  return html`<figure class="chart card"><figcaption>${title}</figcaption>
${series.length > 1 ? legend(series) : ''}
${drawing('wide', WIDE)}${drawing('narrow', NARROW)}
<p class="note">${description}</p>
${numbersBehind(say, chart)}</figure>`;
}

function legend(series: readonly Series[]): Html {
  return html`<ul class="legend">${series.map(
    ({ name }, at) =>
      html`<li><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect class="fill-${at + 1}" width="14" height="14" rx="3"/></svg> ${name}</li>`,
  )}</ul>`;
}

function numbersBehind(say: Say, { title, head, labels, series, format }: SeriesChart): Html {
  return html`<details><summary>${say('Xem số liệu', 'Show the numbers')}</summary>
<div class="scroll" role="region" tabindex="0" aria-label="${title}"><table><thead><tr><th scope="col">${head}</th>${series.map(
    ({ name }) => html`<th scope="col" class="number">${name}</th>`,
  )}</tr></thead>
<tbody>${labels.map(
    (label, at) => html`<tr><th scope="row">${label}</th>${series.map(
      ({ values }) => html`<td class="number">${valueAt(values, at, format)}</td>`,
    )}</tr>
`,
  )}</tbody></table></div></details>`;
}

/** A value in words. Null becomes a dash. */
export function valueAt(values: Series['values'], at: number, format: (value: number) => string): string {
  const value = values[at] ?? null;
  return value === null ? '–' : format(value);
}

/** The text of a point that a reader touches. */
export function hint({ labels, series, format }: SeriesChart, at: number): string {
  return `${labels[at]}: ${series.map(({ name, values }) => `${name} ${valueAt(values, at, format)}`).join('; ')}`;
}
