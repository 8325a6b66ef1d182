import { html } from 'hono/html';
import { encode } from 'uqr';
import type { Html } from '../layout.ts';

/** An address as a QR code, black on white in any colours of the page, because cameras expect that. */
export function qrCode(address: string, label: string): Html {
  const { size, data } = encode(address, { ecc: 'M', border: 2 });
  const path = data
    .map((row, y) =>
      runsOf(row)
        .map(([from, length]) => `M${from} ${y}h${length}v1h-${length}z`)
        .join(''),
    )
    .join('');
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path fill="#000" d="${path}"/></svg>`;
}

/** The dark stretches of a row, each with its start and length. */
function runsOf(row: readonly boolean[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const [x, isDark] of row.entries()) {
    const last = runs.at(-1);
    if (!isDark) continue;
    if (last && last[0] + last[1] === x) last[1]++;
    else runs.push([x, 1]);
  }
  return runs;
}
