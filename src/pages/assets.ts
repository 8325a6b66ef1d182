import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Context } from 'hono';
import { parameterOf } from './language.ts';

/** What each address below /pages/ consists of, in this order. */
const FILES = {
  'style.css': ['tokens', 'base', 'parts', 'charts', 'public', 'cards', 'print'].map((name) => `styles/${name}.css`),
  'dark.css': ['styles/dark.css'],
  'console.css': ['console/console.css'],
  'services.js': ['services.js'],
  'live.js': ['console/live.js'],
  'keys.js': ['console/keys.js'],
} as const;

export type AssetName = keyof typeof FILES;

const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const;

interface Asset {
  readonly type: string;
  readonly version: string;
  readonly plain: Buffer;
  /** Compressed bytes, made when a browser first asks for them: making all took 57 ms of each start. */
  readonly compressed: Map<Encoding, Promise<Buffer>>;
}

const COMPRESS = { br: promisify(brotliCompress), gzip: promisify(gzip) };
type Encoding = keyof typeof COMPRESS;

/** Read once, when the process starts. */
const ASSETS = new Map(
  Object.entries(FILES).map(([name, parts]): [string, Asset] => {
    const plain = Buffer.concat(parts.map((part) => readFileSync(join(import.meta.dirname, part))));
    return [
      name,
      {
        type: TYPES[name.split('.').at(-1) as keyof typeof TYPES],
        version: createHash('sha256').update(plain).digest('base64url').slice(0, 10),
        plain,
        compressed: new Map(),
      },
    ];
  }),
);

/** The address of a style sheet or script. It changes with the content, so browsers keep the file for good. */
export function assetPath(name: AssetName): string {
  return `/pages/${name}?v=${ASSETS.get(name)?.version}`;
}

/** Answers with a style sheet or script. Undefined when there is no such file. */
export async function sendAsset(c: Context, name: string): Promise<Response | undefined> {
  const asset = ASSETS.get(name);
  if (!asset) return undefined;
  const accepted = c.req.header('accept-encoding') ?? '';
  const encoding = (['br', 'gzip'] as const).find((one) => new RegExp(`\\b${one}\\b`).test(accepted));
  const isCurrent = parameterOf(c, 'v') === asset.version;
  if (encoding) c.header('Content-Encoding', encoding);
  return c.body(new Uint8Array(encoding ? await compressedBy(encoding, asset) : asset.plain), 200, {
    'Content-Type': asset.type,
    'Cache-Control': isCurrent ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding',
  });
}

function compressedBy(encoding: Encoding, { plain, compressed }: Asset): Promise<Buffer> {
  const known = compressed.get(encoding);
  if (known) return known;
  const bytes = COMPRESS[encoding](plain);
  compressed.set(encoding, bytes);
  return bytes;
}
