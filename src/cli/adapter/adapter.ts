import type { Command } from 'commander';
import { createHttp } from '../../kit/http/http.ts';
import { loadWsdl } from '../../kit/soap/wsdl.ts';
import { type DescribedPort, describeWsdl } from '../../kit/soap/wsdl-shapes.ts';
import { type CommonOptions, GROUP_HELP, type Result, runCommand, UsageError } from '../run-command.ts';
import { checkAdapter } from './check-adapter.ts';
import { newAdapter } from './new-adapter.ts';
import { type TryOptions, tryPull, tryPushTo } from './try-pull.ts';
import { writeCase } from './write-case.ts';

/** `lienthong adapter new|inspect|try|case`: helps to connect a system. */
export function addAdapter(program: Command): void {
  const adapter = program
    .command('adapter')
    .description(
      'create an adapter, check its guarantees, inspect a WSDL, try a pull with the configured settings, turn an attempt into a test case',
    )
    .addHelpText('after', GROUP_HELP);
  adapter
    .command('new')
    .argument('<name>', 'its folder in adapters/, such as so-y-te')
    .description('create an adapter that passes all tests unchanged, for a partner that speaks JSON over HTTP')
    .option('--title <title>', "the partner's name for people; by default the words of the folder's name")
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', NEW_HELP)
    .action((name: string, options: CommonOptions & { readonly title?: string }) =>
      runCommand(options, async () => newAdapter(name, options.title)),
    );
  adapter
    .command('check')
    .argument('<name>', 'its folder in adapters/, such as vnpost')
    .description(
      'run every test of an adapter and print a certificate: its version, and each guarantee with its result',
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', CHECK_HELP)
    .action((name: string, options: CommonOptions) => runCommand(options, () => checkAdapter(name)));
  adapter
    .command('inspect')
    .argument('<wsdl>', 'the address or the file of a WSDL')
    .description('print the ports of a WSDL, and their operations with the shapes of their messages')
    .option('--json', 'print one JSON document on stdout')
    .action((wsdl: string, options: CommonOptions) => runCommand(options, () => inspect(wsdl)));
  adapter
    .command('try')
    .argument('<party>', 'a party of HUB_CONFIG')
    .argument('<pull>', 'what to pull, such as dossiers; of a party that sends files, the path of a file; or push')
    .argument('[files...]', 'with push: a record as JSON; with a pull: replies to read instead of calling the party')
    .description(
      'pull one page from a party, or read a file of a party that sends files, and show what the hub would store; with push, show the request for a record; writes and sends nothing',
    )
    .option('--json', 'print one JSON document on stdout')
    .option('--all', 'pull all pages, not only the first')
    .option('--personal', 'show people unmasked')
    .addHelpText('after', TRY_HELP)
    .action((party: string, pull: string, files: readonly string[], options: CommonOptions & TryOptions) =>
      runCommand(options, () => tryParty(party, pull, files, options)),
    );
  adapter
    .command('case')
    .argument('<delivery>', 'the id of a delivery, as operators see it')
    .argument('<folder>', 'a new folder, such as adapters/<name>/fixtures/cases/<what-happened>')
    .description('write a stored attempt as a wire case, with invented values for personal data and secrets')
    .option('--attempt <number>', 'the number of the attempt, from 1; the last one by default')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', CASE_HELP)
    .action((delivery: string, folder: string, options: CommonOptions & { readonly attempt?: string }) =>
      runCommand(options, () => writeCase(delivery, folder, options.attempt)),
    );
}

function tryParty(
  party: string,
  pull: string,
  files: readonly string[],
  options: TryOptions,
): ReturnType<typeof tryPull> {
  if (pull !== 'push') return tryPull(party, pull, files, options);
  const [file, second] = files;
  if (file === undefined || second !== undefined)
    throw new UsageError(`[files…]: got ${files.length}, but push takes one file with a record`);
  return tryPushTo(party, file);
}

const TRY_HELP = `
A file with a reply holds its body in JSON or XML, or all of it as curl -i prints it. The files answer the calls in turn: first the
list, then the details. The last of several files answers every further call. The hub logs in nowhere then, and calls nobody,
except for a WSDL that has an address.
Exit codes: 0 all records are valid and nothing is missing, 1 otherwise, 2 wrong usage or settings.`;

const NEW_HELP = `
The folder has a manifest, settings, client, mapping, pull, simulator, tests, three wire cases and a README. The adapter sends
dossiers and steps, looks up before it sends again after an unknown outcome, and pulls changes page by page. Comments that begin
with "Decide:" mark what depends on the real partner. Existing files are never overwritten.
Exit codes: 0 created, 1 failed, 2 wrong usage.`;

const CHECK_HELP = `
It needs a clone of the repository after npm ci. The certificate lists the wire cases, the guarantees of every sender, pull and
callback, and the rules for the folder.
Exit codes: 0 every guarantee holds, 1 one does not, or the tests could not run, 2 wrong usage.`;

const CASE_HELP = `
The hub stores the calls of an attempt with their bodies, not their headers. The command lists what is missing. It writes nothing
when a body was not stored whole or the call carried several deliveries. The audit records who read the attempt.
Exit codes: 0 written, 1 no faithful case is possible, 2 wrong usage or settings.`;

async function inspect(location: string): Promise<Result> {
  if (/^[a-z]+:\/\//.test(location) && !/^https?:/.test(location))
    throw new UsageError(`<wsdl>: got ${JSON.stringify(location)}, expected an http or https address, or a file`);
  const http = createHttp({ origins: /^https?:/.test(location) ? [new URL(location).origin] : [], totalMs: 30_000 });
  try {
    const ports = await describeWsdl(await loadWsdl(http, location));
    return { text: ports.flatMap(portLines).join('\n'), document: { ports } };
  } finally {
    http.close();
  }
}

function portLines({ name, version, address, operations }: DescribedPort): readonly string[] {
  const head = `port ${name} (${version ? `SOAP ${version}` : 'not SOAP'}) at ${address}`;
  if (!version) return [head, ''];
  const lines = Object.entries(operations as Record<string, { input?: object; output?: object }>).flatMap(
    ([operation, { input, output }]) => [
      `  ${operation}`,
      ...shapeLines('asks', input),
      ...shapeLines('answers', output),
    ],
  );
  return [head, ...lines, ''];
}

function shapeLines(word: string, shape: object | undefined): readonly string[] {
  const lines = membersOf(shape ?? {}, '      ');
  return lines.length === 0 ? [`    ${word} with nothing`] : [`    ${word}`, ...lines];
}

function membersOf(shape: object, indent: string): readonly string[] {
  return Object.entries(shape).flatMap(([name, type]) =>
    typeof type === 'object' && type !== null
      ? [`${indent}${name}`, ...membersOf(type, `${indent}  `)]
      : [`${indent}${name}  ${String(type).split('|')[0]}`],
  );
}
