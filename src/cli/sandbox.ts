import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
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
 * Reads the file of `--with`. The hub checks its content at its start, as any other settings. Ids of keys that the sandbox
 * uses are refused here, because the hub would name their places in its own file.
 */
function ownSettings(path: string): SandboxCommand['with'] {
  try {
    const { parties = {}, routes = [], keys = [] } = JSON.parse(readFileSync(path, 'utf8')) as SandboxCommand['with'];
    const taken = keys.findIndex(({ id }) => (KEY_IDS as readonly string[]).includes(id));
    if (taken >= 0)
      throw new Error(`/keys/${taken}/id: got "${keys[taken]?.id}", expected an id other than ${KEY_IDS.join(', ')}`);
    return { parties, routes, keys };
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
