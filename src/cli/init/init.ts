import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { type LoadedAdapter, loadAdapters } from '../../parties/load-adapters.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from '../run-command.ts';
import { type Answers, type FirstSettings, firstSettings } from './first-settings.ts';
import { type Given, readAnswers } from './read-answers.ts';
import { environmentText, notesText, proxyText } from './settings-texts.ts';

interface InitOptions extends Given, CommonOptions {
  readonly folder: string;
}

/** `lienthong init`: the first configuration of a province. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description('write the first settings of a province: hub.config.json, its secrets, notes, and a proxy example')
    .option('--folder <folder>', 'where to write; the package uses /etc/lienthong', '.')
    .option('--province <code>', 'the code of the province, such as H60')
    .option('--name <name>', 'its name, such as "Tỉnh Tuyên Quang"')
    .option('--url <url>', 'the public address of the hub, such as https://lienthong.tinh.example')
    .addOption(new Option('--database-url [url]', 'PostgreSQL; without an address the hub runs its own').preset(''))
    .addOption(new Option('--redis-url [url]', 'Redis; needed for several processes only').preset(''))
    .option('--partner <partner>', 'repeatable; adapter, id:adapter or either with =url', gather)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: InitOptions) => runCommand(options, () => init(options)));
}

const HELP = `
At a terminal it asks for what is missing. It never replaces a file. Then fill in the blank lines of hub.env, load it and run doctor.
Example: lienthong init --folder /etc/lienthong --province H60 --name "Tỉnh Tuyên Quang" --url https://lienthong.tinh.example
  --partner one-stop --partner national-portal=https://adapter.example --partner tu-phap:civil-status=https://lgsp.example`;

const gather = (partner: string, before: readonly string[] = []): readonly string[] => [...before, partner];

async function init(options: InitOptions): Promise<Result> {
  const folder = resolve(options.folder);
  refuseExisting(folder);
  const adapters = await loadAdapters();
  const answers = await answersOf(options, adapters);
  const settings = firstSettings(answers, adapters);
  refuseSharedVariable(settings);
  const files = write(folder, answers, settings, adapters);
  const blank = settings.variables.filter(({ name, value }) => value === '' && !OPTIONAL.has(name));
  const left = blank.map(({ name, about }) => `  ${name}  ${about}`);
  const absent = settings.missing.map(({ about }) => `  ${about}`);
  const text = [
    `Written to ${folder}: ${files.join(', ')}`,
    ...(left.length > 0 ? ['Fill in, in hub.env:', ...left] : []),
    ...(absent.length > 0 ? ['Add to hub.config.json:', ...absent] : []),
    `Then run: set -a; . ${join(folder, 'hub.env')};${configIn(folder)} set +a; ${commandIn(process.env)} doctor`,
  ].join('\n');
  return { text, document: { folder, files, missing: [...blank, ...settings.missing].map(({ name }) => name) } };
}

/** A hub looks for its configuration in the current folder, and the package's command in its own. */
function configIn(folder: string): string {
  const isFound = folder === process.cwd() || folder === PACKAGE_FOLDER;
  return isFound ? '' : ` HUB_CONFIG=${join(folder, 'hub.config.json')};`;
}

const PACKAGE_FOLDER = '/etc/lienthong';

/** The command as the person called it: a clone has it by npx only. */
function commandIn({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): string {
  return script === 'npx' ? 'npx lienthong' : 'lienthong';
}

const OPTIONAL: ReadonlySet<string> = new Set(['DATABASE_URL', 'REDIS_URL']);
const FILES = ['hub.config.json', 'hub.env', 'hub.config.md', 'proxy.conf'] as const;

function refuseExisting(folder: string): void {
  const existing = FILES.filter((file) => existsSync(join(folder, file)));
  if (existing.length > 0)
    throw new Error(`${folder} already has ${existing.join(', ')}: move them away, or choose another --folder`);
}

/** Reads the options. A person at a terminal is asked for what they do not say. */
async function answersOf(options: Given, adapters: ReadonlyMap<string, LoadedAdapter>): Promise<Answers> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return readAnswers(options, adapters);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await readAnswers(options, adapters, {
      question: (question) => lines.question(question),
      say: (line) => console.error(line),
    });
  } finally {
    lines.close();
  }
}

/** Of two values in hub.env the last one counts, also for the other setting. */
function refuseSharedVariable({ variables }: FirstSettings): void {
  const names = variables.map(({ name }) => name);
  const shared = names.find((name, at) => names.indexOf(name) < at);
  if (shared !== undefined)
    throw new UsageError(`--partner: two settings would be read from ${shared}, expected id:adapter with another id`);
}

/** Writes the files. Only their owner may read the secrets. The service's user reads the rest, whatever the umask of root. */
function write(
  folder: string,
  answers: Answers,
  settings: FirstSettings,
  adapters: ReadonlyMap<string, LoadedAdapter>,
): readonly string[] {
  const texts: Readonly<Record<(typeof FILES)[number], string>> = {
    'hub.config.json': `${JSON.stringify(settings.file, null, 2)}\n`,
    'hub.env': environmentText(settings.variables),
    'hub.config.md': notesText(answers, settings, adapters),
    'proxy.conf': proxyText(answers.url),
  };
  mkdirSync(folder, { recursive: true });
  for (const file of FILES) {
    const mode = file === 'hub.env' ? 0o600 : 0o644;
    writeFileSync(join(folder, file), texts[file], { flag: 'wx', mode });
    chmodSync(join(folder, file), mode);
  }
  return FILES;
}
