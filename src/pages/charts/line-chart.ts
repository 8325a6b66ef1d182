import { area, line } from 'd3-shape';
import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { axes, middle, round } from './axes.ts';
import { type SeriesChart, type Size, seriesFigure } from './chart.ts';

/** Lines over time. The first one has its area filled. */
export function lineChart(say: Say, chart: SeriesChart): Html {
  return seriesFigure(say, chart, (size) => drawLines(chart, size));
}

function drawLines(chart: SeriesChart, size: Size): Html {
  const highest = Math.max(0, ...chart.series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const { x, y, drawn, hints } = axes(chart, size, highest);
  const known = (value: number | null) => value !== null;
  const across = (_: unknown, at: number) => middle(x, at);
  const up = (value: number | null) => y(value ?? 0);
  const lineOf = line<number | null>(across, up).defined(known).digits(1);
  const areaOf = area<number | null>(across, y(0), up).defined(known).digits(1);
  const first = chart.series[0]?.values ?? [];
  return html`${drawn}<path class="area fill-1" d="${areaOf([...first]) ?? ''}"/>${chart.series.map(
    ({ values }, at) =>
      html`<path class="line stroke-${at + 1}" d="${lineOf([...values]) ?? ''}"/>${values.map((value, label) =>
        value === null || !isMarked(values, label)
          ? ''
          : html`<circle class="fill-${at + 1}" cx="${middle(x, label)}" cy="${round(y(value))}" r="3.5"/>`,
      )}`,
  )}${hints}`;
}

/** The last point, and a point that no line reaches. */
function isMarked(values: readonly (number | null)[], at: number): boolean {
  const isAlone = (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
  return isAlone || at === values.length - 1;
}
