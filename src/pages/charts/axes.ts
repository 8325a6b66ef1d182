import { type ScaleBand, type ScaleLinear, scaleBand, scaleLinear } from 'd3-scale';
import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { hint, type SeriesChart, type Size } from './chart.ts';

const MARGIN = { top: 12, right: 8, bottom: 26, left: 46 };
const LABEL_WIDTH = 58;
/** The last label ends at the edge of the drawing at the latest. */
const HALF_LABEL = 21;

export interface Axes {
  readonly x: ScaleBand<number>;
  readonly y: ScaleLinear<number, number>;
  /** The lines and texts that stand behind the drawing. */
  readonly drawn: Html;
  /** One field per label that shows its values under the pointer. It stands before the drawing. A phone has no pointer. */
  readonly hints: Html;
}

/** The axes from zero to the highest value. @param highest the upper end of the values */
export function axes(chart: SeriesChart, { width, height, isForPhones }: Size, highest: number): Axes {
  const bottom = height - MARGIN.bottom;
  const right = width - MARGIN.right;
  const x = scaleBand(chart.labels.keys(), [MARGIN.left, right]).padding(0.25);
  const y = scaleLinear([0, Math.max(highest, chart.atLeast ?? 1)], [bottom, MARGIN.top]);
  if (chart.atLeast === undefined) y.nice(4);
  const every = Math.ceil(chart.labels.length / Math.floor((right - MARGIN.left) / LABEL_WIDTH));
  const ticks = y.ticks(4).filter((tick) => chart.atLeast !== undefined || Number.isInteger(tick));
  return {
    x,
    y,
    drawn: html`<g class="axis">${ticks.map(
      (tick) =>
        html`<path d="M${MARGIN.left} ${y(tick)}H${right}"/><text x="${MARGIN.left - 6}" y="${y(tick) + 4}" text-anchor="end">${chart.format(tick)}</text>`,
    )}${chart.labels.map((label, at) =>
      // Counted from the end, because the newest label matters most.
      (chart.labels.length - 1 - at) % every === 0
        ? html`<text x="${Math.min(middle(x, at), width - HALF_LABEL)}" y="${height - 8}" text-anchor="middle">${label}</text>`
        : '',
    )}</g>`,
    hints: html`${(isForPhones ? [] : chart.labels).map(
      (_, at) =>
        html`<rect class="hint" x="${round((x(at) ?? 0) - (x.step() - x.bandwidth()) / 2)}" y="${MARGIN.top}" width="${round(x.step())}" height="${bottom - MARGIN.top}"><title>${hint(chart, at)}</title></rect>`,
    )}`,
  };
}

/** The middle of a label's place. */
export function middle(x: ScaleBand<number>, at: number): number {
  return round((x(at) ?? 0) + x.bandwidth() / 2);
}

/** A tenth of a unit is finer than a screen, and shorter than 15 digits. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
