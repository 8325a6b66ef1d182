import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { html, raw } from 'hono/html';
import type { Html } from '../layout.ts';

/** The icons of the pages, by their names in the set Lucide (ISC). */
const NAMES = [
  'archive',
  'arrow-down',
  'arrow-up',
  'baby',
  'briefcase',
  'building-complex',
  'car',
  'chart-column',
  'check',
  'circle',
  'circle-check',
  'circle-x',
  'clock',
  'download',
  'file-text',
  'graduation-cap',
  'hand-coins',
  'heart',
  'house',
  'inbox',
  'info',
  'key',
  'keyboard',
  'landmark',
  'languages',
  'layout-dashboard',
  'list-checks',
  'list-x',
  'mail',
  'menu',
  'messages-square',
  'moon',
  'repeat',
  'scroll-text',
  'search',
  'send',
  'shield-check',
  'siren',
  'sun',
  'table-2',
  'triangle-alert',
  'wallet',
  'x',
] as const;

export type IconName = (typeof NAMES)[number];

/** The set is read once, and only these icons are kept. */
const DRAWINGS = readDrawings();

function readDrawings(): ReadonlyMap<IconName, Html> {
  const file = createRequire(import.meta.url).resolve('@iconify-json/lucide/icons.json');
  const { icons } = JSON.parse(readFileSync(file, 'utf8')) as { icons: Record<string, { body: string } | undefined> };
  return new Map(
    NAMES.map((name) => {
      const icon = icons[name];
      if (!icon) throw new Error(`icon ${name}: not in @iconify-json/lucide`);
      return [
        name,
        html`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${raw(icon.body)}</svg>`,
      ];
    }),
  );
}

/** An icon beside a text. Screen readers skip it, so it never stands alone without a label. */
export function icon(name: IconName): Html {
  return DRAWINGS.get(name) as Html;
}
