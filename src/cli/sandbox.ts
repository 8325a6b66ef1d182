import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { explain } from '#core/explain';
import { closed } from '#schemas/parts';
import { runSandbox } from '../play/sandbox/sandbox.ts';
import { KEY_IDS, type OwnSettings } from '../play/stage/hub-file.ts';
import { endWithNpm } from './end-with-npm.ts';
import { portNumber, tellError, wholeNumber } from './run-command.ts';
import { untilSignal } from './until-signal.ts';

interface SandboxCommand {
  readonly host: string;
  readonly port: number;
  readonly resetHours: number;
  readonly with: NonNullable<OwnSettings['more']>;
}

const OwnFile = closed({
  parties: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  routes: Type.Optional(Type.Array(Type.Unknown())),
  keys: Type.Optional(Type.Array(Type.Unknown())),
});
const checkOwn = Compile(OwnFile);

/** `lienthong sandbox`: a hub with simulated partners for the developers of a system that is to be connected. */
export function addSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('run a hub with simulated partners to connect a system to: samples, bad days, certificates')
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .addOption(
      new Option('--port <number>', 'its port; a free port if it is taken')
        .env('PORT')
        .argParser(portNumber)
        .default(8080),
    )
    .option('--with <file>', 'parties, routes and keys of your own, in the form of HUB_CONFIG', ownSettings, {})
    .option('--reset-hours <number>', 'hours until all data is deleted; 0 for never', wholeNumber(0, 500), 24)
    .addHelpText(
      'after',
      '\nDATABASE_URL is used if set (with a database of its own, dropped at the end). Keys and data are for tests only.',
    )
    .action(sandbox);
}

async function sandbox(options: SandboxCommand): Promise<void> {
  const stop = untilSignal(['SIGINT', 'SIGTERM']);
  endWithNpm(process.env, () => stop.abort());
  const { signal } = stop;
  try {
    const { with: more, ...rest } = options;
    const say = (line: string): void => console.error(line);
    const onUp = (url: string): void => console.log(`the sandbox is at ${url}/sandbox`);
    await runSandbox({ ...rest, more, env: process.env, signal, say, onUp });
  } catch (error) {
    if (!signal.aborted) tellError(error as Error, false);
  } finally {
    stop.abort();
  }
}

/**
 * Reads the file of `--with`. The hub checks its parties, routes and keys at its start, as any other settings. It reads them
 * within a file of its own, so what that file would hide is refused here: other names, and ids of keys that the sandbox uses.
 */
function ownSettings(path: string): SandboxCommand['with'] {
  try {
    const own: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const [problem] = explain(OwnFile, checkOwn, own, [], { naming: true });
    if (problem) throw new Error(`${problem.path || '/'}: ${problem.message}`);
    const { parties = {}, routes = [], keys = [] } = own as SandboxCommand['with'];
    const taken = keys.findIndex((key) => (KEY_IDS as readonly unknown[]).includes(key?.id));
    if (taken >= 0)
      throw new Error(`/keys/${taken}/id: got "${keys[taken]?.id}", expected an id other than ${KEY_IDS.join(', ')}`);
    return { parties, routes, keys };
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
