import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { explain } from '#core/explain';
import type { Problem } from '#core/problem';
import { checkOf } from '#core/schema-check';
import { closed, oneOf } from '#schemas/parts';
import type { Adapter } from '../kit/adapter.ts';

/** The description of an adapter, which is read before any of its code runs. */
const Manifest = closed({
  name: Type.String({ pattern: '^[a-z][a-z0-9-]*$', description: "the folder's name" }),
  title: Type.String({ minLength: 1 }),
  description: Type.String({ minLength: 1 }),
  /** The version of the kit. */
  kit: oneOf(['1']),
  protocol: Type.String({ minLength: 1 }),
  /** Whether its parties own their dossiers. The configuration can override it. */
  authoritative: Type.Boolean(),
  sends: Type.Array(Type.String()),
  pulls: Type.Array(Type.String()),
  /** Present if its parties may answer questions. Their settings name them. */
  asks: Type.Optional(Type.Literal(true)),
  /** The callbacks that partners push to; `true` if the settings of its parties name them. Absent without any. */
  callbacks: Type.Optional(
    Type.Union([
      Type.Literal(true),
      Type.Array(
        Type.String({
          pattern: '^[A-Za-z][A-Za-z0-9-]*(/[A-Za-z][A-Za-z0-9-]*)?$',
          description: 'a name of one or two segments in an address',
        }),
      ),
    ]),
  ),
});
export type Manifest = Type.Static<typeof Manifest>;
const check = Compile(Manifest);

export interface LoadedAdapter {
  readonly manifest: Manifest;
  readonly adapter: Adapter;
  /** The problems of a party's settings. */
  settingsProblems(settings: unknown): readonly Problem[];
}

export const ADAPTERS_DIR = join(import.meta.dirname, '..', '..', 'adapters');
/** Sources load sources, and compiled code loads compiled code. */
const ADAPTER_FILE = `adapter${extname(import.meta.filename)}`;

/**
 * Loads every adapter: each folder of `adapters/` with a manifest.
 *
 * @throws an Error that names a broken folder, because a hub must not run without one of its partners
 */
export async function loadAdapters(): Promise<ReadonlyMap<string, LoadedAdapter>> {
  const names = readdirSync(ADAPTERS_DIR, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  return new Map(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
}

async function load(name: string): Promise<LoadedAdapter> {
  const folder = join(ADAPTERS_DIR, name);
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    if (!check.Check(manifest))
      throw new Error(
        explain(Manifest, check, manifest)
          .map((problem) => `${problem.path} ${problem.message}`)
          .join('; '),
      );
    if (manifest.name !== name) throw new Error(`its manifest says the name ${manifest.name}`);
    const { default: adapter } = (await import(pathToFileURL(join(folder, ADAPTER_FILE)).href)) as {
      default?: Adapter;
    };
    if (!adapter) throw new Error(`${ADAPTER_FILE} has no default export`);
    agree('sends', manifest.sends, Object.keys(adapter.send ?? {}));
    agree('pulls', manifest.pulls, Object.keys(adapter.pull ?? {}));
    agree('is called back with', namesOf(manifest.callbacks), namesOf(adapter.callbacksBy ? true : adapter.callbacks));
    agree('asks', manifest.asks ? ['questions'] : [], adapter.asks ? ['questions'] : []);
    return { manifest, adapter, settingsProblems: (settings) => problemsOf(adapter, settings) };
  } catch (error) {
    throw new Error(`the adapter in ${folder} is broken: ${(error as Error).message}`, { cause: error });
  }
}

/** Most hubs have parties of few adapters, so a schema is compiled when the first of them is checked. */
function problemsOf(adapter: Adapter, settings: unknown): readonly Problem[] {
  const checkSettings = checkOf(adapter.settings);
  if (!checkSettings.Check(settings)) return explain(adapter.settings, checkSettings, settings, [], { naming: true });
  return adapter.settingsProblems?.(settings) ?? [];
}

/** The names of callbacks. Names that only settings know are one entry. */
function namesOf(callbacks: Manifest['callbacks'] | Adapter['callbacks']): readonly string[] {
  if (callbacks === true) return ['names of the settings'];
  return Array.isArray(callbacks) ? callbacks : Object.keys(callbacks ?? {});
}

function agree(what: string, declared: readonly string[], done: readonly string[]): void {
  if ([...declared].sort().join() !== [...done].sort().join())
    throw new Error(
      `its manifest ${what} ${declared.join(', ') || 'nothing'}, its code ${done.join(', ') || 'nothing'}`,
    );
}
