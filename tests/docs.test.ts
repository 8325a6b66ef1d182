import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../src/config/config.ts';
import { HubFile, SCOPES } from '../src/config/hub-file.ts';
import { MIGRATION_NOTES } from '../src/database/migration-notes.ts';
import { loadAdapters } from '../src/parties/load-adapters.ts';
import {
  anchorsOf,
  codeLines,
  filesOf,
  firstColumn,
  inlineCode,
  localLinks,
  type Page,
  pagesOf,
  ROOT,
  readPage,
  sentencesOf,
  tableAfter,
  wordCount,
} from './support/documents.ts';

const TOP = ['README.md', 'README.vi.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
const PAGES = pagesOf(...TOP, 'docs');
const ENGLISH = PAGES.filter(({ path }) => !path.startsWith('docs/vi/') && path !== 'README.vi.md');
const folder = mkdtempSync(join(tmpdir(), 'lienthong-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a reader of the documents', () => {
  test('reaches a page or a heading by every link', () => {
    report(PAGES.flatMap((page) => localLinks(page).flatMap((link) => brokenLink(page, link))));
  });

  test('comes to every page from an index', () => {
    const indexes = ['README.md', 'README.vi.md', 'docs/decisions/README.md', 'docs/operate/upgrade.md'];
    const linked = new Set(indexes.flatMap((path) => localLinks(readPage(path)).map(({ file }) => file)));
    report(PAGES.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !linked.has(path)));
  });

  test('finds every file that is named', () => {
    report(
      PAGES.flatMap((page) =>
        inlineCode(page)
          .filter(isMissingFile)
          .map((name) => `${page.path}: ${name}`),
      ),
    );
  });

  test('can run every npm script', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const used = usesOf(PAGES, /\bnpm run ([\w:-]+)/g);
    report(
      used.filter(({ name }) => !Object.hasOwn(scripts, name)).map(({ path, name }) => `${path}: npm run ${name}`),
    );
  });

  test('can run every command, with the options that are shown', () => {
    const source = sourceOf('src/cli');
    const commands = new Set([...source.matchAll(/\.command\('([a-z-]+)/g)].map(([, name]) => name));
    const options = new Set([...source.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option));
    const wrong = usesOf(PAGES, /(?:^|\bnpx |[`(])lienthong ([a-z][a-z-]*)/g).filter(({ name }) => !commands.has(name));
    const wrongOptions = PAGES.flatMap((page) =>
      codeLines(page)
        .filter((line) => /\bnpx lienthong /.test(line))
        .flatMap((line) =>
          [...(line.split(' # ')[0] ?? '').matchAll(/(?<= )--[a-z][a-z-]*/g)].map(([option]) => option),
        )
        .filter((option) => !options.has(option))
        .map((option) => `${page.path}: ${option}`),
    );
    report([...wrong.map(({ path, name }) => `${path}: lienthong ${name}`), ...wrongOptions]);
  });

  test('starts every program through node, because the file system may be mounted noexec', () => {
    const direct = (line: string) => /\bbin\/\w+\.mjs\b/.test(line.replace(/\bnode "?\S*\.mjs\b/g, ''));
    report(
      PAGES.flatMap((page) =>
        codeLines(page)
          .filter(direct)
          .map((line) => `${page.path}: ${line}`),
      ),
    );
  });

  test('copies JSON that parses', () => {
    report(
      PAGES.flatMap(({ path, blocks }) =>
        blocks
          .filter(({ info }) => /^json\b/.test(info))
          .flatMap(({ text }) => (isJson(text) ? [] : [`${path}: ${text.slice(0, 80)}`])),
      ),
    );
  });

  test('copies configurations that start', () => {
    const examples = PAGES.flatMap(({ path, blocks }) =>
      blocks.filter(({ info }) => info === 'json config').map(({ text }) => ({ path, text })),
    );
    expect(examples.length).toBeGreaterThan(2);
    report(examples.flatMap(({ path, text }) => configProblems(text).map((problem) => `${path}: ${problem}`)));
  });

  test.each(['docs/integrate/sandbox.md', 'docs/vi/ket-noi/thu-nghiem.md'])(
    '%s shows files that the adapters accept beside the parties of the sandbox',
    async (path) => {
      const adapters = await loadAdapters();
      const examples = readPage(path).blocks.filter(({ info }) => info === 'json');
      expect(examples).toHaveLength(2);
      const ofSandbox = { 'one-stop': { adapter: 'one-stop' }, 'national-portal': { adapter: 'national-portal' } };
      for (const { text } of examples) {
        const { parties, ...own } = JSON.parse(text);
        const problems = configProblems(JSON.stringify({ ...own, parties: { ...ofSandbox, ...parties } }), adapters);
        report(problems.filter((problem) => !problem.includes('/parties/national-portal/')));
      }
    },
  );

  test('copies the configuration of a whole province, which the adapters accept', async () => {
    const text = readFileSync(join(ROOT, 'docs/operate/province.config.json'), 'utf8');
    report(configProblems(text, await loadAdapters()));
  });
});

describe('the reference', () => {
  const configure = readPage('docs/operate/configure.md');

  test('lists every environment variable, and no other', () => {
    const inCode = [...sourceOf('src/config').matchAll(/(?:\benv\.|')([A-Z][A-Z]+(?:_[A-Z]+)*)\b/g)];
    const known = new Set(
      inCode.flatMap(([, name = '']) =>
        /^(?:HUB|OTEL)_|_URLS?$|^(?:HOST|PORT|LOG_LEVEL|COPY_KEY)$/.test(name) ? [name] : [],
      ),
    );
    expect(new Set(firstColumn(configure, '## Environment'))).toEqual(known);
  });

  test('lists every member of the configuration file, and no other', () => {
    const rows = firstColumn(configure, '### Members');
    const members = membersOf(HubFile as unknown as Schema);
    const isIn = (whole: string, part: string): boolean =>
      whole === part || whole.startsWith(`${part}.`) || whole.startsWith(`${part}[`);
    report([
      ...members.filter((member) => !rows.some((row) => isIn(member, row))).map((member) => `is missing: ${member}`),
      ...rows.filter((row) => !members.some((member) => isIn(member, row))).map((row) => `does not exist: ${row}`),
    ]);
  });

  test.each([
    ['docs/operate/configure.md', '### Keys'],
    ['docs/vi/van-hanh/cau-hinh.md', '## Quyền của tài khoản kết nối'],
  ])('%s lists every scope of keys, and no other', (path, heading) => {
    const cells = tableAfter(readPage(path), heading).rows.map(([first = '']) => first);
    const shown = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, scope]) => scope));
    expect(shown.toSorted()).toEqual([...SCOPES].toSorted());
  });

  test('the page of a version names every migration before which old processes must stop, its jobs and its settings', () => {
    const page = readPage('docs/operate/versions/0.1.0.md');
    const shown = (heading: string): readonly string[] =>
      tableAfter(page, heading).rows.flatMap(([first = '']) => first.split(', '));
    const notes = Object.entries(MIGRATION_NOTES).map(([name, note]) => ({ number: name.slice(0, 3), note }));
    const stops = notes.filter(({ number, note }) => number !== '001' && note.stopOlder !== undefined);
    expect(shown('## Why old processes must stop').toSorted()).toEqual(stops.map(({ number }) => number));
    expect(page.text).toContain(`with tables before ${stops.at(-1)?.number}.`);
    const jobs = notes.filter(({ note }) => note.afterwards !== undefined).map(({ number }) => number);
    expect(shown('## What continues in the background')).toEqual(expect.arrayContaining(jobs));
    // A note begins with its settings: `HUB_A and HUB_B are new`, `retention is new: …`.
    const settings = notes.flatMap(({ note }) => note.settings ?? []);
    const names = settings.flatMap(
      (text) => text.match(/\b(?:[A-Z]+(?:_[A-Z]+)+|files\.from|files|retention|keys|routes)\b/) ?? [],
    );
    const table = tableAfter(page, '## Settings')
      .rows.map(([first = '']) => first)
      .join('\n');
    expect(names.length).toBeGreaterThan(5);
    report(names.filter((name) => !table.includes(name)));
  });

  test.each(['docs/operate/install.md', 'docs/vi/van-hanh/cai-dat.md'])('%s opens every address to someone', (path) => {
    const page = readPage(path);
    const shown = page.text.split('\n').filter((line) => /^\| .* \| `\/.*\|$/.test(line));
    const opened = shown.flatMap((line) => [...line.matchAll(/`(\/[^`]*)`/g)].map(([, address = '']) => address));
    const routes = [...sourceOf('src/http').matchAll(/\bmethod: '\w+',\s+path: '(\/[^']*)'/g)].map(
      ([, route = '']) => route,
    );
    const pages = [...sourceOf('src/pages').matchAll(/\bpages\.(?:get|post)\('(\/[^':]*)|PAGE = '(\/[^']+)'/g)];
    const all = [...routes, ...pages.map(([, route, other]) => route ?? other ?? '')].filter((one) => one !== '/');
    expect(all.length).toBeGreaterThan(40);
    const prefixes = opened.filter((one) => one !== '/');
    const isOpen = (route: string): boolean =>
      prefixes.some((one) => route === one || route.startsWith(one.endsWith('/') ? one : `${one}/`));
    report(all.filter((route) => !isOpen(route)));
  });

  test('has a section in the runbook for every kind of incident', () => {
    const kinds = /readonly kind:((?:\s*\| '[a-z-]+')+)/.exec(sourceOf('src/ledger/incidents.ts'))?.[1] ?? '';
    const known = [...kinds.matchAll(/'([a-z-]+)'/g)].map(([, kind = '']) => kind);
    expect(known.length).toBeGreaterThan(5);
    const anchors = anchorsOf(readPage('docs/operate/runbook.md'));
    report(known.filter((kind) => !anchors.has(kind)));
  });

  test('describes every metric, and names no other', () => {
    const known = new Set([...sourceOf('src/observe').matchAll(/name: '(hub_[a-z_]+)'/g)].map(([, name]) => name));
    expect(new Set(firstColumn(readPage('docs/operate/monitor.md'), '## Metrics'))).toEqual(known);
    report(
      usesOf(PAGES, /\b(hub_[a-z_]+)/g)
        .filter(({ name }) => !known.has(name))
        .map(({ path, name }) => `${path}: ${name}`),
    );
  });
});

describe('the language', () => {
  test('README and changelog stay short', () => {
    expect(readPage('README.md').lines).toBeLessThanOrEqual(150);
    expect(readPage('CHANGELOG.md').lines).toBeLessThanOrEqual(60);
  });

  test('no sentence has more than 30 words', () => {
    report(
      ENGLISH.flatMap((page) =>
        sentencesOf(page)
          .filter((sentence) => wordCount(sentence) > 30)
          .map((sentence) => `${page.path}: ${sentence}`),
      ),
    );
  });

  test.each(Object.entries(BANNED()))('no page has %s', (_, pattern) => {
    report(
      ENGLISH.flatMap((page) =>
        sentencesOf(page)
          .filter((sentence) => pattern.test(sentence))
          .map((sentence) => `${page.path}: ${sentence}`),
      ),
    );
  });
});

describe('a monitor with our rules and dashboards', () => {
  const files = filesOf('docs/operate/monitoring').map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));

  test('asks for metrics that the hub has', () => {
    const recorded = files.flatMap(({ text }) =>
      [...text.matchAll(/record: party:(hub_[a-z_]+):/g)].map(([, name]) => name),
    );
    const known = [...sourceOf('src/observe').matchAll(/name: '(hub_[a-z_]+)'/g)].map(([, name]) => name);
    const names = new Set([...known, ...recorded]);
    const used = files.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(hub_[a-z_]+)/g)].map(([, name = '']) => ({
        path,
        name: name.replace(/_(?:bucket|sum|count)$/, ''),
      })),
    );
    expect(used.length).toBeGreaterThan(20);
    report(used.filter(({ name }) => !names.has(name)).map(({ path, name }) => `${path}: ${name}`));
  });

  test('finds the page that an alert names', () => {
    const named = files.flatMap(({ path, text }) =>
      [...text.matchAll(/runbook: ([^\s'"]+)/g)].map(([, to = '']) => ({ path, to })),
    );
    expect(named.length).toBeGreaterThan(10);
    report(
      named.flatMap(({ path, to }) => {
        const [file = '', anchor = ''] = to.split('#');
        return brokenLink({ path } as Page, { file, anchor });
      }),
    );
  });
});

/** Idioms that a fluent reader has to decode; see docs/contributing/style.md. */
function BANNED(): Readonly<Record<string, RegExp>> {
  return {
    'a headless who':
      /\bwho(?:m)?ever\b|(?:^|[:;,(—–] )who (?!may (?:say what|import whom)\b)(?:has|had|is|are|was|goes|comes|asks|pushes|reads|sends|tells|knows|wants|may|must|can|gets|guesses|says|waits|needs)\b/i,
    'a headless what':
      /(?:^|[;:] )What (?!(?:happens|if|for|the|this|to|we|you|they|it|a|an|does|do|changes?|fails|should|must|comes next|each|makes|continues|else|counts|is|are|your?|partners)\b)[a-z]+ .*\.$/,
    'of before, of then': /\bof before\b|\b(?:that|those|ones?|versions?) of (?:then|old)\b/,
    'that there is': /\bthat there (?:is|are|was|were)\b|\bthere (?:is|are) none\b/,
    'is told, is heard':
      /\b(?:is|are|was|were|be|been|being) (?:told|heard)\b|\b(?:told|tells?|telling|heard) of\b|\btold by\b/,
    anew: /\banew\b/,
    mend: /\bmend(?:s|ed|ing)?\b/,
    'let go': /\blet(?:s|ting)? go\b/,
    'so many': /\bso (?:many|much)\b(?! (?:that|as|so))/,
    'is none': /\b(?:is|are|was|were) none\b(?! of)/,
    besides: /\bbesides\b/,
    'as it stands': /\bas (?:it|they) (?:came|stands?|stood)\b/,
    'goes before': /\b(?:go|goes) (?:before|first)\b/,
    'past the hub': /\bpast the hub\b/,
    'becomes of': /\bbec(?:o|a)mes? of\b/,
    'holds up': /\bholds? nobody\b/,
    'put back': /\bput back\b/,
    'all that': /\ball that (?:is|was|has|had|have|are|were|came|comes|it|they|the|a|one|there)\b/,
  };
}

/** Fails with every problem on a line of its own. */
function report(problems: readonly string[]): void {
  expect(problems, `\n${problems.join('\n')}\n`).toEqual([]);
}

function brokenLink(page: Page, { file, anchor }: { readonly file: string; readonly anchor: string }): string[] {
  if (!existsSync(join(ROOT, file))) return [`${page.path}: ${file} does not exist`];
  if (anchor === '' || !file.endsWith('.md')) return [];
  return anchorsOf(readPage(file)).has(anchor) ? [] : [`${page.path}: ${file} has no heading #${anchor}`];
}

function isMissingFile(code: string): boolean {
  const isPath = /^(?:\.ci|adapters|bin|docs|fixtures|mappings|schemas|scripts|src|tests)\/[\w./-]*$/.test(code);
  // Pages on adapters name files of an invented adapter, and files within any adapter.
  const isOfAdapter = /^(?:adapters\/so-y-te|fixtures\/cases)\b/.test(code);
  return isPath && !isOfAdapter && !existsSync(join(ROOT, code));
}

function usesOf(pages: readonly Page[], pattern: RegExp): readonly { readonly path: string; readonly name: string }[] {
  return pages.flatMap((page) =>
    codeLines(page).flatMap((line) => [...line.matchAll(pattern)].map(([, name = '']) => ({ path: page.path, name }))),
  );
}

function sourceOf(path: string): string {
  return filesOf(path)
    .filter((file) => /(?<!\.test)\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a configuration when every variable that it names is set. */
function configProblems(text: string, adapters?: Awaited<ReturnType<typeof loadAdapters>>): readonly string[] {
  const file = join(folder, 'hub.config.json');
  writeFileSync(file, text);
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
  const values = Object.fromEntries(names.map((name) => [name, `h7Qz0-xPq2-${name}-of-the-documents`]));
  try {
    loadConfig({ ...values, HUB_CONFIG: file, HUB_DATA_DIR: folder }, adapters);
    return [];
  } catch (error) {
    return (error as { problems?: readonly string[] }).problems ?? [String(error)];
  }
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The members of a schema by their paths: `keys[].id`, `parties.<id>.pull.<name>`. */
function membersOf(schema: Schema, path = ''): readonly string[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => membersOf(member, at(name)));
  const named = Object.values(schema.patternProperties ?? {}).flatMap((member) =>
    membersOf(member, at(path === 'parties' ? '<id>' : '<name>')),
  );
  const listed = schema.items?.properties ? membersOf(schema.items, `${path}[]`) : [];
  const chosen = (schema.anyOf ?? []).flatMap((member) => membersOf(member, path));
  const below = [...own, ...named, ...listed, ...chosen].filter((member) => member !== path);
  return below.length > 0 ? [...new Set(below)] : [path];
}
