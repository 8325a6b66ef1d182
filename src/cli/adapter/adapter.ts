import type { Command } from 'commander';
import { createHttp } from '../../kit/http/http.ts';
import { loadWsdl } from '../../kit/soap/wsdl.ts';
import { type DescribedPort, describeWsdl } from '../../kit/soap/wsdl-shapes.ts';
import { type CommonOptions, GROUP_HELP, type Result, runCommand, UsageError } from '../run-command.ts';
import { newAdapter } from './new-adapter.ts';
import { tryPull } from './try-pull.ts';
import { writeCase } from './write-case.ts';

/** `lienthong adapter new|inspect|try|case`: what helps to connect a system. */
export function addAdapter(program: Command): void {
  const adapter = program
    .command('adapter')
    .description(
      'make an adapter, look at what a system offers, try what settings make of it, make a case of what happened',
    )
    .addHelpText('after', GROUP_HELP);
  adapter
    .command('new')
    .argument('<name>', 'its folder in adapters/, such as so-y-te')
    .description('make an adapter that passes all tests as it is, for a partner that speaks JSON over HTTP')
    .option('--title <title>', "what people call the partner; otherwise the name's words")
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', NEW_HELP)
    .action((name: string, options: CommonOptions & { readonly title?: string }) =>
      runCommand(options, async () => newAdapter(name, options.title)),
    );
  adapter
    .command('inspect')
    .argument('<wsdl>', 'the address or the file of a WSDL')
    .description('print the ports of a WSDL, and its operations with the shapes of their messages')
    .option('--json', 'print one JSON document on stdout')
    .action((wsdl: string, options: CommonOptions) => runCommand(options, () => inspect(wsdl)));
  adapter
    .command('try')
    .argument('<party>', 'a party of HUB_CONFIG')
    .argument('<pull>', 'what to pull, such as dossiers')
    .description('ask a party for one page, and show what the hub would hold of it; nothing is written')
    .option('--json', 'print one JSON document on stdout')
    .option('--all', 'until there is no more, and not one page only')
    .option('--personal', 'show applicants as they are, and not masked')
    .action(
      (party: string, pull: string, options: CommonOptions & { readonly all?: boolean; readonly personal?: boolean }) =>
        runCommand(options, () => tryPull(party, pull, options)),
    );
  adapter
    .command('case')
    .argument('<delivery>', 'the id of a delivery, as operators see it')
    .argument('<folder>', 'a new folder, such as adapters/<name>/fixtures/cases/<what-happened>')
    .description(
      'write an attempt that the hub kept as a wire case, with invented values for personal data and secrets',
    )
    .option('--attempt <number>', 'which attempt, from 1; the last one where it is not given')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', CASE_HELP)
    .action((delivery: string, folder: string, options: CommonOptions & { readonly attempt?: string }) =>
      runCommand(options, () => writeCase(delivery, folder, options.attempt)),
    );
}

const NEW_HELP = `
The folder has a manifest, settings, client, mapping, pull, simulator, tests, three wire cases and a README. It tells of dossiers and
steps, looks up before it tells again what may have arrived, and pulls changes page by page. Comments that begin with
"Decide:" say what depends on the real partner. Nothing is ever written over.

Exit codes: 0 made, 1 it could not be, 2 wrong usage.`;

const CASE_HELP = `
What the hub keeps of an attempt are the calls with their bodies, not their headers. What is missing is told; where a body was not kept
whole, or the call carried several deliveries, nothing is written. The look is kept in the audit.

Exit codes: 0 written, 1 no honest case can be made of it, 2 wrong usage or settings.`;

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
