import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { foldersUnder, type Import, type SourceFile, sourceFiles } from './support/source-files.ts';
import { CONTRACT, SAMPLED, THOROUGH_ONLY } from './support/test-lists.ts';

/** Who may import whom. The first rule whose `of` begins a file's path applies to the file. */
interface Rule {
  /** Beginnings of paths. These files may import one another. */
  readonly of: readonly string[];
  /** Beginnings of paths; `npm:` for any package or `npm:<name>`; `node:` for Node's own modules. */
  readonly may: readonly string[];
  /** Sources of types only: they are gone when the hub runs. */
  readonly mayTypes?: readonly string[];
  /** Beginnings of paths that stay forbidden although `of` or `may` includes them. Not for tests. */
  readonly mayNot?: readonly string[];
  readonly why: string;
}

const ADAPTERS = foldersUnder('adapters').filter((folder) => folder.split('/').length === 2);
/** The files that `lienthong adapter new` copies follow the rules of an adapter. */
const SAMPLE = 'src/cli/adapter/sample-partner';
const adapterOf = (path: string): string | undefined =>
  [...ADAPTERS, SAMPLE].find((folder) => path.startsWith(`${folder}/`));
const RECORDS = ['src/core/', 'src/messages/', 'schemas/'];
const OUTSIDE = ['npm:', 'node:'];
/** The modules of `#kit`, `#ministry` and `#kit/testing`. */
const DOORS = ['src/kit/index.ts', 'src/ministry/index.ts', 'src/kit/testing/index.ts'];
const SQL = [...RECORDS, 'src/database/', 'src/concurrency/', ...OUTSIDE];

/** The steps of the pipeline. They meet in pipeline.ts alone. */
const VERBS = ['accept', 'ask', 'delivery', 'pull', 'operator-orders', 'statistics'].map((verb) => `src/${verb}/`);
/** The modules that every verb uses: the tables, and the reading of a stored message by its door or adapter. */
const STORED = [...SQL, 'src/kinds/', 'src/ledger/', 'src/index/', 'src/catalogue/', 'src/parties/read-again.ts'];
/** Types of what hub.ts passes in. */
const PASSED_IN = [
  'src/secrets/vault.ts',
  'src/process/hub-context.ts',
  'src/parties/party.ts',
  'src/observe/',
  'src/queue/',
];

const RULES: readonly Rule[] = [
  { of: ['schemas/'], may: ['npm:typebox'], why: 'what the hub promises stands alone' },
  { of: ['src/messages/'], may: [], why: 'codes and sentences, which every part of the hub may use' },
  { of: ['mappings/'], may: RECORDS, why: 'tables and pure functions, without means of their own' },
  ...[...ADAPTERS, SAMPLE].map((folder) => ({
    of: [`${folder}/`],
    may: ['src/kit/index.ts', 'src/ministry/index.ts', 'schemas/', 'mappings/', 'npm:'],
    why: 'an adapter is one folder and uses the doors of the kit and of the ministries',
  })),
  {
    of: ['src/core/'],
    may: ['src/messages/', 'schemas/', 'npm:typebox'],
    why: 'the core is pure: the same input, the same answer',
  },
  {
    of: ['src/kit/testing/'],
    may: [...RECORDS, 'src/kit/', ...OUTSIDE],
    why: 'tests and simulators of adapters need the kit alone',
  },
  {
    of: ['src/kit/'],
    may: [...RECORDS, 'src/secrets/same-text.ts', 'src/concurrency/threads.ts', ...OUTSIDE],
    mayNot: ['src/kit/testing/'],
    why: 'adapters are written and tested without the hub',
  },
  {
    of: ['src/ministry/'],
    may: [...RECORDS, 'src/kit/', ...OUTSIDE],
    mayNot: ['src/kit/testing/'],
    why: 'an adapter made of settings, by what the kit offers',
  },
  {
    of: ['src/database/'],
    may: [...RECORDS, 'src/concurrency/single-flight.ts', ...OUTSIDE],
    mayTypes: ['src/secrets/vault.ts'],
    why: 'the driver and the tables',
  },
  ...['ledger', 'index', 'catalogue'].map((name) => ({
    of: [`src/${name}/`],
    may: SQL,
    mayTypes: ['src/secrets/vault.ts'],
    why: 'SQL of one concern; a step of the pipeline joins them',
  })),
  { of: ['src/kinds/'], may: RECORDS, why: 'what the hub knows of one kind of record, pure' },
  { of: ['src/queue/'], may: [...RECORDS, ...OUTSIDE], why: 'notifications that carry ids only' },
  {
    of: ['src/pages/web.ts'],
    may: [...RECORDS, 'src/', ...OUTSIDE],
    why: 'puts together what is answered over HTTP',
  },
  {
    of: ['src/http/'],
    may: [
      ...RECORDS,
      'mappings/',
      'src/secrets/same-text.ts',
      'src/concurrency/',
      // What an error of the database means.
      'src/database/failures.ts',
      ...OUTSIDE,
    ],
    mayTypes: [
      'src/ask/ask.ts',
      'src/catalogue/',
      'src/config/config.ts',
      'src/database/pool.ts',
      'src/database/replicas.ts',
      'src/erasure/',
      'src/files/',
      'src/index/',
      'src/kit/callback.ts',
      'src/kit/drops.ts',
      'src/kit/files.ts',
      'src/ledger/',
      'src/observe/last-write.ts',
      'src/operator-orders/',
      'src/parties/',
      'src/pipeline.ts',
      'src/process/hub-context.ts',
      'src/pull/take-file.ts',
      'src/reconcile/',
      'src/reports/',
      'src/secrets/vault.ts',
      'src/statistics/',
    ],
    why: 'doors and readers receive the hub: they know the types of what it gives them, and no code',
  },
  {
    of: ['src/backup/'],
    may: [...OUTSIDE],
    why: 'tables as PostgreSQL describes them, sealed: it knows nothing of the hub',
  },
  {
    of: ['src/archive/'],
    may: [...SQL, 'src/backup/seal.ts', 'src/backup/write-backup.ts', 'src/process/make-folders.ts', ...OUTSIDE],
    why: 'the rows of a month, sealed like a backup; what they mean is passed in',
  },
  {
    of: ['src/copy/'],
    may: [
      // Filters lists and reads times as the hub does.
      ...['dates/dates', 'catalogue/catalogue-facts', 'identifiers/identifiers'].map((name) => `src/core/${name}.ts`),
      // Checks a snapshot's signature. Like the next three, a module that knows nothing of the hub itself.
      'src/secrets/signed-documents.ts',
      'src/concurrency/lines.ts',
      'src/process/make-folders.ts',
      'src/embedded-postgres/lock.ts',
      ...OUTSIDE,
    ],
    why: 'a file of its own that follows the hub by its HTTP interface; the command serves it',
  },
  {
    of: ['src/pages/'],
    may: [
      ...RECORDS,
      'mappings/',
      'src/secrets/same-text.ts',
      'src/http/body.ts',
      'src/http/upload.ts',
      'src/concurrency/yielding.ts',
      ...OUTSIDE,
    ],
    mayTypes: [
      'src/http/',
      'src/catalogue/',
      'src/statistics/statistics.ts',
      'src/process/hub-context.ts',
      'src/ledger/ended-sessions.ts',
      'src/ledger/hub-status.ts',
      'src/secrets/vault.ts',
    ],
    why: 'what people see; it asks the same addresses as any other client, or is given readers',
  },
  ...VERBS.map((verb) => ({
    of: [verb],
    may: [...STORED, 'src/parties/schedule.ts'],
    mayTypes: [...PASSED_IN, 'src/kit/'],
    why: 'a verb works on what is stored and knows no other verb: the pipeline joins them',
  })),
  {
    of: ['src/files/'],
    may: [...SQL, 'src/ledger/', 'src/kit/', 'src/process/make-folders.ts'],
    mayTypes: ['src/secrets/vault.ts', 'src/config/config.ts'],
    why: 'bytes beside the database, and their records in it',
  },
  {
    of: ['src/reports/'],
    may: [...RECORDS, 'src/concurrency/threads.ts', ...OUTSIDE],
    mayTypes: ['src/statistics/'],
    why: 'turns counts into forms; what it counts is passed in',
  },
  {
    of: ['src/erasure/'],
    may: STORED,
    mayTypes: PASSED_IN,
    why: 'erases what is stored, by the settings or by an order',
  },
  {
    of: ['src/rebuild/'],
    may: [...STORED, 'src/accept/accept.ts'],
    mayTypes: [...PASSED_IN, 'src/accept/accept-deps.ts', 'src/config/hub-file.ts'],
    why: 'applies stored messages by the one accept',
  },
  {
    of: ['src/reconcile/'],
    may: [...STORED, 'src/parties/schedule.ts', 'src/delivery/plan-calls.ts'],
    mayTypes: [...PASSED_IN, 'src/kit/', 'src/scheduler.ts'],
    why: 'asks partners what they have, in the words in which deliveries are sent',
  },
  {
    of: ['src/pipeline.ts'],
    may: [...STORED, ...VERBS],
    mayTypes: PASSED_IN,
    why: 'joins the verbs; parties, queue, vault and telemetry are passed in',
  },
  {
    of: ['src/scheduler.ts'],
    may: [
      ...SQL,
      'src/ledger/',
      'src/index/',
      'src/statistics/',
      'src/observe/away-partners.ts',
      'src/observe/certificates.ts',
      'src/rebuild/schema.ts',
      'src/observe/unconfigured.ts',
      'src/parties/schedule.ts',
    ],
    mayTypes: [
      'src/pipeline.ts',
      'src/parties/party.ts',
      'src/process/hub-context.ts',
      'src/observe/telemetry.ts',
      'src/observe/alerts.ts',
      'src/observe/watches.ts',
      'src/erasure/retention.ts',
    ],
    why: 'calls the pipeline again and again',
  },
  {
    of: ['src/observe/telemetry.ts', 'src/observe/traces.ts', 'src/observe/metrics/'],
    may: [...RECORDS, ...OUTSIDE, 'src/concurrency/single-flight.ts'],
    mayTypes: ['src/ledger/', 'src/database/replicas.ts', 'src/config/config.ts'],
    why: 'receives facts, and calls nothing',
  },
  {
    of: ['src/process/hub-context.ts'],
    may: [],
    mayTypes: ['src/core/', 'npm:pino', 'src/database/', 'src/files/', 'src/observe/', 'src/secrets/vault.ts'],
    why: 'names what every part of the hub may need, and does nothing',
  },
  { of: ['src/parties/rate-limit.ts'], may: [...SQL, 'src/ledger/'], why: 'counts calls in the database' },
  {
    of: ['src/parties/read-again.ts'],
    may: [...RECORDS, 'src/ledger/'],
    mayTypes: ['src/parties/party.ts'],
    why: 'reads a stored message by its door or its adapter, which are passed in',
  },
  { of: ['src/parties/schedule.ts'], may: OUTSIDE, why: 'a pure function over the cron library' },
  {
    of: ['src/parties/party.ts'],
    may: ['src/kit/', ...RECORDS, ...OUTSIDE],
    why: 'an adapter with the means of the kit',
  },
  {
    of: ['src/observe/last-write.ts'],
    may: ['src/messages/'],
    why: 'receives the results of the database, and calls nothing',
  },
  {
    of: ['src/observe/'],
    may: [...RECORDS, 'src/ledger/', 'src/kit/', 'src/concurrency/', ...OUTSIDE],
    mayTypes: ['src/database/', 'src/parties/party.ts', 'src/secrets/vault.ts', 'src/config/config.ts'],
    why: 'reads what is stored and reports it; it changes nothing but incidents',
  },
  {
    of: ['src/parties/load-adapters.ts'],
    may: [...RECORDS, ...OUTSIDE],
    mayTypes: ['src/kit/'],
    why: 'finds adapters by their folder',
  },
  {
    of: ['src/config'],
    may: [...RECORDS, 'src/kinds/', 'src/kit/http/tls.ts', 'src/process/make-folders.ts', ...OUTSIDE],
    why: 'is read before anything else of the hub',
  },
  {
    of: ['src/concurrency/threads.ts'],
    may: ['src/process/compiled.ts', 'src/concurrency/batch-calls.ts', ...OUTSIDE],
    why: 'knows nothing of what a thread does',
  },
  { of: ['src/secrets/'], may: ['src/secrets/', ...OUTSIDE], why: 'knows nothing of the hub' },
  ...[
    'src/process/compiled.ts',
    'src/concurrency/',
    'src/process/make-folders.ts',
    'src/process/log-lines.ts',
    'src/process/lifecycle.ts',
    'src/process/service-manager.ts',
    'src/process/ending',
    'src/embedded-postgres/',
  ].map((one) => ({
    of: [one],
    may: ['src/secrets/same-text.ts', 'src/secrets/signed-documents.ts', 'src/process/make-folders.ts', ...OUTSIDE],
    why: 'knows nothing of the hub',
  })),
  {
    of: ['src/play/'],
    may: [...RECORDS, 'src/', 'mappings/', 'adapters/', ...OUTSIDE],
    why: 'plays the partners too',
  },
  {
    of: [
      'src/hub.ts',
      'src/foundation/',
      'src/parties/from-config.ts',
      'src/process/log.ts',
      'src/main.ts',
      'src/cli/',
    ],
    may: [...RECORDS, 'src/', 'mappings/', ...OUTSIDE],
    why: 'put together what there is',
  },
];

const own = ['schemas', 'mappings', 'adapters', 'src'].flatMap(sourceFiles);
const all = [...own, ...['tests', 'fixtures'].flatMap(sourceFiles)];
const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts');
const production = own.filter((file) => !isTest(file));
const isSimulator = ({ path }: SourceFile): boolean =>
  /^\/(?:simulator\/|simulat)/.test(path.slice((adapterOf(path) ?? path).length));

describe('imports', () => {
  it('follow the table: who may import whom', () => {
    report(own.flatMap((file) => file.imports.flatMap((one) => importViolation(file, one))));
  });

  it('every source file has its rule', () => {
    report(own.filter((file) => !ruleOf(file)).map(({ path }) => `${path}: no rule of the table is for it`));
  });

  it('leave a partner’s folder, the mappings and the schemas by their names only', () => {
    const top = (path: string): string => adapterOf(path) ?? (path.split('/', 1)[0] as string);
    const bound = own.filter(({ path }) => adapterOf(path) !== undefined || !path.startsWith('src/'));
    report(
      bound.flatMap((file) =>
        file.imports
          .filter(({ specifier, target }) => specifier.startsWith('.') && top(target) !== top(file.path))
          .filter(({ target }) => !(isTest(file) && target.startsWith('tests/support/')))
          .map(
            ({ specifier, line }) =>
              `${file.path}:${line} imports ${specifier}: #kit, #ministry, #core/…, #schemas/… or #mappings/…`,
          ),
      ),
    );
  });

  it('hub.ts passes no closure, which could undo a rule of the table', () => {
    report(
      closuresIn('src/hub.ts', 'createHub').map((line) => `src/hub.ts:${line} makes a closure: pass the port itself`),
    );
  });

  it('make no circle among the folders of src/', () => {
    report(circles(own.filter((file) => file.path.startsWith('src/') && !isTest(file))));
  });
});

describe('running code', () => {
  it('core and mappings read no clock, chance or environment', () => {
    const pure = own.filter((file) => /^(?:src\/core|src\/messages|mappings)\//.test(file.path) && !isTest(file));
    report(
      usesOf(
        pure,
        /^(?:Date\.now|new Date\(\)|Date\(\)|Math\.random|(?:process|performance|globalThis|crypto)[.[].*|(?:fetch|set(?:Timeout|Interval|Immediate))\(\))$/,
      ),
    );
  });

  it('adapters read no clock, chance or environment and open no connection', () => {
    const given = own.filter((file) => adapterOf(file.path) && !isTest(file) && !isSimulator(file));
    report([
      ...usesOf(given, /^(?:Date\.now|new Date\(\)|Date\(\)|Math\.random|process[.[].*|fetch\(\))$/),
      ...given.flatMap(({ path, imports }) =>
        imports
          .filter(({ target }) => /^npm:(?:axios|ioredis|pg)$/.test(target))
          .map(
            ({ specifier, line }) =>
              `${path}:${line} imports ${specifier}: the kit's http keeps to the party's addresses`,
          ),
      ),
    ]);
  });

  it('only src/config reads the environment; main.ts and the commands pass it on', () => {
    const src = own.filter((file) => file.path.startsWith('src/') && !isTest(file));
    // The server's process gets PATH and SystemRoot; nothing is decided by them.
    const others = src.filter(({ path }) => !/^src\/(?:config\b|embedded-postgres\/processes\.ts)/.test(path));
    report([
      ...usesOf(others, /^process\.env[.[]/),
      ...usesOf(
        others.filter(({ path }) => !/^src\/(?:main\.ts|cli\/|play\/)/.test(path)),
        /^process\.env$/,
      ),
    ]);
  });

  it('nothing in src/ names a partner’s folder, except play', () => {
    const names = ADAPTERS.map((folder) => folder.slice('adapters/'.length));
    const src = own.filter(({ path }) => path.startsWith('src/') && !path.startsWith('src/play/'));
    const doors = src.flatMap(({ path }) => /^src\/http\/doors\/([^/]+)\/door\.ts$/.exec(path)?.[1] ?? []);
    report(
      src
        .filter((file) => !isTest(file))
        .flatMap(({ path, texts }) =>
          texts
            .filter(({ text }) => names.some((name) => text === name || text.includes(`adapters/${name}`)))
            // A door for a dialect has the dialect's name.
            .filter(({ text }) => !(path.startsWith('src/http/') && doors.includes(text)))
            .map(({ text, line }) => `${path}:${line} names ${text}`),
        ),
    );
  });
});

describe('code', () => {
  it('no spread leaves out an optional member', () => {
    report(
      production.flatMap(({ path, conditionalSpreads }) =>
        conditionalSpreads.map(
          ({ text, line }) => `${path}:${line} ${text}: type the member "| undefined", or use withoutUndefined`,
        ),
      ),
    );
  });

  it('no spread hides the members of an object from the compiler', () => {
    report(
      production.flatMap(({ path, literalSpreads }) =>
        literalSpreads.map(({ text, line }) => `${path}:${line} ${text}: write the members themselves`),
      ),
    );
  });

  it('no function is longer than 60 lines, and the two pages of the story have at most 150', () => {
    const long = production.flatMap(({ path, functions }) =>
      functions.filter(({ lines }) => lines > 60).map(({ text, line, lines }) => `${path}:${line} ${lines}: ${text}`),
    );
    const pages = ['src/pipeline.ts', 'src/hub.ts'].filter(
      (path) => readFileSync(path, 'utf8').split('\n').length > 151,
    );
    report([...long, ...pages.map((path) => `${path} has more than 150 lines`)]);
  });
});

describe('files', () => {
  it('only four files stand at the top of src/, and no file beside a folder of its name', () => {
    const top = all.flatMap(({ path }) => /^src\/([^/]+)$/.exec(path)?.[1] ?? []);
    expect(top).toEqual(['hub.ts', 'main.ts', 'pipeline.ts', 'scheduler.ts']);
    const folders = new Set(['adapters', 'mappings', 'src'].flatMap(foldersUnder));
    // A loader reads an adapter's simulator.ts, which may have parts.
    const twins = own.filter(
      ({ path }) => folders.has(path.replace(/\.ts$/, '')) && !/^adapters\/[^/]+\/simulator\.ts$/.test(path),
    );
    report(twins.map(({ path }) => `${path} stands beside its folder`));
  });

  it('folders are named by meaning', () => {
    const grammar = /\/(?:utils?|helpers?|commons?|types|services|interfaces|managers|misc|lib)$/;
    report(
      ['schemas', 'mappings', 'adapters', 'src', 'tests']
        .flatMap(foldersUnder)
        .filter((folder) => grammar.test(folder)),
    );
  });

  it('only the doors of the kit and the ministries are barrels', () => {
    report(all.filter((file) => file.isBarrel && !DOORS.includes(file.path)).map(({ path }) => `${path} is a barrel`));
  });

  it('the kit exports fewer than 90 names', () => {
    const lists = readFileSync('src/kit/index.ts', 'utf8').matchAll(/\{([^}]*)\}/g);
    const names = [...lists].flatMap(([, list = '']) => list.split(',').filter((name) => name.trim() !== ''));
    expect(names.length).toBeLessThan(90);
  });

  it('default exports exist only for a loader', () => {
    const isLoaded = (path: string): boolean =>
      path === 'tests/support/global-setup.ts' ||
      /^\/(?:adapter|simulator)\.ts$/.test(path.slice((adapterOf(path) ?? path).length));
    report(
      all.flatMap(({ path, defaultExport }) =>
        defaultExport === undefined || isLoaded(path) ? [] : `${path}:${defaultExport} has a default export`,
      ),
    );
  });
});

it('a test file that samples runs in quick too: thorough leaves the sample out', () => {
  const sampling = [...CONTRACT, ...SAMPLED];
  expect(sampling.length).toBeGreaterThan(40);
  expect(sampling.filter((file) => THOROUGH_ONLY.some((pattern) => matchesGlob(file, pattern)))).toEqual([]);
});

/** Fails with every violation on a line of its own. */
function report(violations: readonly string[]): void {
  expect(violations, `\n${violations.join('\n')}\n`).toEqual([]);
}

function ruleOf({ path }: SourceFile): Rule | undefined {
  const tested = path.replace(/\.test\.ts$/, '.ts');
  return RULES.find((rule) => rule.of.some((beginning) => tested.startsWith(beginning)));
}

function importViolation(file: SourceFile, { specifier, target, typesOnly, line }: Import): string[] {
  const rule = ruleOf(file);
  if (!rule) return [];
  const may = [...rule.of, ...rule.may];
  if (typesOnly) may.push(...(rule.mayTypes ?? []));
  if (isSimulator(file)) may.push('node:');
  if (adapterOf(file.path) && (isTest(file) || isSimulator(file))) may.push('src/kit/testing/index.ts');
  if (isTest(file)) may.push('node:', 'npm:', 'tests/support/', 'fixtures/');
  // To set its scene.
  if (isTest(file) && file.path.startsWith('src/') && !adapterOf(file.path)) may.push('src/', 'schemas/', 'mappings/');
  const isNamed = (beginnings: readonly string[]): boolean =>
    beginnings.some((beginning) => (/^npm:./.test(beginning) ? target === beginning : target.startsWith(beginning)));
  const isForbidden = !isTest(file) && isNamed(rule.mayNot ?? []);
  return isNamed(may) && !isForbidden
    ? []
    : [`${file.path}:${line} imports ${typesOnly ? 'types of ' : ''}${specifier} (${rule.why})`];
}

/** The lines of a function on which it makes another function. */
function closuresIn(path: string, name: string): number[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const lines: number[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) lines.push(source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    ts.forEachChild(node, look);
  };
  const found = source.statements.filter(ts.isFunctionDeclaration).find((one) => one.name?.text === name);
  if (!found?.body) return [0];
  look(found.body);
  return lines;
}

function usesOf(files: readonly SourceFile[], unwanted: RegExp): string[] {
  return files.flatMap(({ path, uses }) =>
    uses.filter(({ text }) => unwanted.test(text)).map(({ text, line }) => `${path}:${line} uses ${text}`),
  );
}

/** Folders, and files beside them, that import one another, even types only. */
function circles(files: readonly SourceFile[]): string[] {
  // HubContext names the types of several wings; its folder does not depend on them.
  const unit = (path: string): string => (path === 'src/process/hub-context.ts' ? path : path.split('/', 2).join('/'));
  const edges = new Map<string, Map<string, string>>();
  for (const file of files)
    for (const { target, line } of file.imports) {
      const [from, to] = [unit(file.path), unit(target)];
      if (!target.startsWith('src/') || from === to) continue;
      const known = edges.get(from) ?? new Map<string, string>();
      if (!known.has(to)) known.set(to, `${file.path}:${line}`);
      edges.set(from, known);
    }
  const shortest = new Map<string, readonly string[]>();
  const walk = (at: string, way: readonly string[]): void => {
    for (const [to, place] of edges.get(at) ?? []) {
      if (to === way[0] && way.length < (shortest.get(place)?.length ?? Number.POSITIVE_INFINITY))
        shortest.set(place, way);
      // Each circle once: from its first folder in the alphabet.
      else if (!way.includes(to) && to > (way[0] as string)) walk(to, [...way, to]);
    }
  };
  for (const start of edges.keys()) walk(start, [start]);
  // One import closes many circles: the longer ones disappear with the short ones.
  const least = Math.min(...[...shortest.values()].map((way) => way.length));
  return [...shortest]
    .filter(([, way]) => way.length === least)
    .map(([place, way]) => `${place} closes the circle ${[...way, way[0]].join(' → ')}`);
}
