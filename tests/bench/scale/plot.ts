import type { Sized } from './report.ts';

const ROW = 18;
const LEFT = 270;
const WIDTH = 620;
const TOP = 50;
const [LEAST_MS, MOST_MS] = [0.5, 10_000];
const TICKS = [1, 10, 100, 1_000, 10_000];
const COLOURS = ['#9aa7b8', '#4c86c6', '#c2571a', '#7a1f6b', '#1f7a4d'];

/** SVG: a row for each question, with the p95 of each size on a logarithmic scale; a flat question has its dots together. */
export function plotOf(sizes: readonly Sized[]): string {
  const names = sizes.at(-1)?.questions.map(({ name }) => name) ?? [];
  const height = TOP + names.length * ROW + 30;
  const rows = names.flatMap((name, at) => {
    const y = TOP + at * ROW + ROW / 2;
    return [
      `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${escaped(name.replaceAll('`', ''))}</text>`,
      `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y}" y2="${y}" stroke="#eee"/>`,
      ...sizes.flatMap(({ questions }, size) => {
        const found = questions.find((one) => one.name === name);
        return found ? dots(y, found.alone.p95Ms, found.eight.p95Ms, COLOURS[size % COLOURS.length] as string) : [];
      }),
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${height}" font-family="sans-serif" font-size="11">`,
    '<title>p95 of each question by number of dossiers</title>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...legend(sizes),
    ...TICKS.map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${height - 25}" stroke="#ccc"/><text x="${x(tick)}" y="${height - 10}" text-anchor="middle">${tick} ms</text>`,
    ),
    ...rows,
    '</svg>',
  ].join('\n')}\n`;
}

/** Filled: alone. Hollow: eight at once. */
function dots(y: number, aloneMs: number, eightMs: number, colour: string): readonly string[] {
  return [
    `<circle cx="${x(aloneMs)}" cy="${y}" r="4" fill="${colour}"/>`,
    `<circle cx="${x(eightMs)}" cy="${y}" r="4" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
  ];
}

function legend(sizes: readonly Sized[]): readonly string[] {
  return [
    `<text x="10" y="20" font-size="13">p95: filled alone, hollow eight at once</text>`,
    ...sizes.flatMap(({ dossiers }, at) => {
      const left = LEFT + at * 140;
      return [
        `<circle cx="${left}" cy="16" r="4" fill="${COLOURS[at % COLOURS.length]}"/>`,
        `<text x="${left + 8}" y="20">${dossiers.toLocaleString('en')} dossiers</text>`,
      ];
    }),
  ];
}

function x(ms: number): number {
  const share = Math.log(Math.min(Math.max(ms, LEAST_MS), MOST_MS) / LEAST_MS) / Math.log(MOST_MS / LEAST_MS);
  return Math.round(LEFT + share * WIDTH);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
