import { stack } from 'd3-shape';
import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { axes, round } from './axes.ts';
import { type SeriesChart, type Size, seriesFigure } from './chart.ts';

/** Columns whose layers add up to a whole. */
export function stackedColumns(say: Say, chart: SeriesChart): Html {
  return seriesFigure(say, chart, (size) => drawColumns(chart, size));
}

function drawColumns(chart: SeriesChart, size: Size): Html {
  const layers = stack<number, number>()
    .keys(chart.series.keys())
    .value((label, series) => chart.series[series]?.values[label] ?? 0)([...chart.labels.keys()]);
  const highest = Math.max(0, ...layers.flatMap((layer) => layer.map(([, top]) => top)));
  const { x, y, drawn, hints } = axes(chart, size, highest);
  const width = round(x.bandwidth());
  return html`${drawn}${layers.map((layer, at) =>
    layer.map(([from, to], label) =>
      to > from
        ? html`<rect class="fill-${at + 1}" x="${round(x(label) ?? 0)}" y="${round(y(to))}" width="${width}" height="${round(y(from) - y(to))}"/>`
        : '',
    ),
  )}${hints}`;
}
