// Bundles the sources and the packages that they import: a start loads a hundred files instead of 2,300.
import fs from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { rolldown } from 'rolldown';

/** What a command, a process or a thread starts by its path. */
const ENTRIES = [
  /^src\/(?:main|cli\/index|play\/soak\/(?:soak|sink)|kit\/testing\/simulator\/run-simulator)\.ts$/,
  /^src\/.*-thread\.ts$/,
  /^src\/play\/stage\/(?:janitor|parent-guard)\.ts$/,
  /^adapters\/[^/]+\/(?:adapter|simulator)\.ts$/,
  /^tests\/bench\/(?:run|scale\/run|load|fast-partner|peer\/server|floor-(?:axios|reader|soap|writer))\.ts$/,
  // Scripts load these, and tests start them in processes of their own.
  /^src\/(?:database\/(?:pool|migrate|table-types)|play\/stage\/own-database|embedded-postgres\/start|process\/ending)\.ts$/,
];

/** Packages with native code or data files, and node-soap, which few hubs load. */
const STAY_OUTSIDE = ['libxml2-wasm', 'soap', 'ssh2-sftp-client'];
const PACKAGES = /[\\/]node_modules[\\/]/;

/**
 * The path below dist/ and the content of each output of these sources.
 *
 * @throws Error that names file and line of a source that cannot be compiled
 */
export async function bundle(root, sources) {
  const entries = sources.filter((source) => ENTRIES.some((one) => one.test(source)));
  const input = entries.map((entry) => [entry.slice(0, -'.ts'.length), path.join(root, entry)]);
  try {
    const bundled = await rolldown({
      cwd: root,
      input: Object.fromEntries(input),
      platform: 'node',
      external: externalsOf(root),
      plugins: [keepPlaces(root)],
      logLevel: 'silent',
    });
    const { output } = await bundled.generate({
      entryFileNames: '[name].js',
      chunkFileNames: ({ name }) => `chunks/${name.split('~')[0]}-[hash].js`,
      codeSplitting: { groups: [{ name: 'packages', test: PACKAGES, entriesAware: true }] },
      comments: { jsdoc: false },
      sourcemap: true,
    });
    await bundled.close();
    return output.flatMap(filesOf);
  } catch (error) {
    throw new Error(stripVTControlCharacters(error.message), { cause: error });
  }
}

/** Only own code has a map: those of packages would take 13 MB of memory. */
function filesOf({ type, fileName, code, map, moduleIds }) {
  if (type !== 'chunk') return [];
  if (moduleIds.some((id) => PACKAGES.test(id))) return [[fileName, code.replace(/\n\/\/# sourceMappingURL=.*/, '')]];
  if (!map) return [[fileName, code]];
  return [
    [fileName, code],
    [`${fileName}.map`, JSON.stringify({ ...map, sourcesContent: undefined })],
  ];
}

function externalsOf(root) {
  const { devDependencies, optionalDependencies } = JSON.parse(
    fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const names = [...STAY_OUTSIDE, ...Object.keys({ ...devDependencies, ...optionalDependencies })];
  return (id) => names.some((name) => id === name || id.startsWith(`${name}/`));
}

/** A source finds its own path and the files beside it from whichever chunk its code runs in. */
function keepPlaces(root) {
  return {
    name: 'keep-places',
    transform(code, id) {
      if (PACKAGES.test(id) || !code.includes('import.meta.')) return undefined;
      const file = path.relative(root, id).replaceAll('\\', '/').replace(/\.ts$/, '.js');
      const placed = { url: `${urlOf(file)}.href`, filename: pathOf(file), dirname: pathOf(path.posix.dirname(file)) };
      return {
        code: code.replaceAll(/\bimport\.meta\.(url|filename|dirname)\b/g, (_, name) => placed[name]),
        map: null,
      };
    },
    renderChunk(code, { fileName }) {
      if (!code.includes('place:')) return undefined;
      const folder = path.posix.dirname(fileName);
      // An empty address is that of the chunk.
      const relative = (place) => path.posix.relative(folder, place) || `../${path.posix.basename(place)}`;
      const placed = code.replaceAll(/(["'`])place:([^"'`]+)\1/g, (_, _quote, place) =>
        JSON.stringify(relative(place)),
      );
      return { code: placed, map: null };
    },
  };
}

const urlOf = (place) => `new URL('place:${place}', import.meta.url)`;
const pathOf = (place) => `process.getBuiltinModule('node:url').fileURLToPath(${urlOf(place)})`;
