import { InvalidArgumentError } from 'commander';
import { ConfigError, logLevelOf } from '../config/config.ts';

export const FAILED = 1;
export const USAGE = 2;

/** Wrong use of a command, told in words; exit code 2. */
export class UsageError extends Error {}

/** What a command came to. */
export interface Result {
  /** For people; empty where stdout is for something else. */
  readonly text: string;
  /** The same for programs. */
  readonly document: object;
  /** It ran, and something is wrong. */
  readonly failed?: boolean;
  /** It ran, found nothing wrong, and could not find out all. */
  readonly incomplete?: boolean;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
}

/** Of a command that has commands of its own. */
export const GROUP_HELP = '\nEach of these takes --help, and --json: one JSON document on stdout.';

/**
 * Run a command: its result goes to stdout, as text or as one JSON document, and its errors in plain words to stderr.
 *
 * @param broken the exit code when it could not be done, or not in full; of a check whose 1 means a finding, 2
 */
export async function runCommand(
  { json }: CommonOptions,
  work: () => Promise<Result>,
  broken: number = FAILED,
): Promise<void> {
  try {
    const { text, document, failed, incomplete } = await work();
    if (json) printDocument(document);
    else if (text !== '') console.log(text);
    if (failed) process.exitCode = FAILED;
    else if (incomplete) process.exitCode = broken;
  } catch (error) {
    failWith(error as Error, json ?? false, broken);
  }
}

export function printDocument(document: object): void {
  console.log(JSON.stringify(document, undefined, 2));
}

/** Errors of stdout, which are told when they happen and not by the command as well that they ended. */
const toldOfStdout = new WeakSet<Error>();

export function tellStdoutError(error: Error): void {
  tellError(new Error(`stdout could not be written: ${error.message}`), false);
  toldOfStdout.add(error);
}

export function tellError(error: Error, json: boolean, broken: number = FAILED): void {
  const isUse = error instanceof UsageError || error instanceof ConfigError;
  process.exitCode = isUse ? USAGE : broken;
  if (error.cause instanceof Error && toldOfStdout.has(error.cause)) return;
  const problems = error instanceof ConfigError ? error.problems : undefined;
  if (json)
    printDocument({ error: problems ? 'the settings are not usable' : error.message, ...(problems && { problems }) });
  console.error(logLevelOf(process.env) === 'debug' ? error.stack : `lienthong: ${error.message || error.name}`);
}

let failed = false;

/** Whether a command of this process has ended with an error. */
export function hasFailed(): boolean {
  return failed;
}

/** Tell an error that ends the command. */
export function failWith(error: Error, json: boolean, broken?: number): void {
  tellError(error, json, broken);
  failed = true;
}

/** What an option of a command is given, as a number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
