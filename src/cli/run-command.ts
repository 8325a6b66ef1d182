import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { ConfigError, logLevelOf } from '../config/config.ts';

export const FAILED = 1;
export const USAGE = 2;

/** Wrong use of a command; exit code 2. The message is for the user. */
export class UsageError extends Error {}

/** The result of a command. */
export interface Result {
  /** For people; empty when stdout has another use. */
  readonly text: string;
  /** The same for programs. */
  readonly document: object;
  /** The command ran and found a problem. */
  readonly failed?: boolean;
  /** The command found no problem but could not check everything. */
  readonly incomplete?: boolean;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
}

export const GROUP_HELP = '\nEach of these takes --help, and --json: one JSON document on stdout.';

/**
 * Runs a command. The result goes to stdout as text or one JSON document, errors in plain words to stderr.
 * @param broken the exit code when it failed in full or in part; 2 for checks, whose 1 means a finding
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

/** Description and version in package.json. */
export function readPackage(): { readonly description: string; readonly version: string } {
  return JSON.parse(readFileSync(PACKAGE, 'utf8'));
}

const PACKAGE = new URL('../../package.json', import.meta.url);

export function printDocument(document: object): void {
  console.log(JSON.stringify(document, undefined, 2));
}

/** Errors of stdout. They are reported once when they happen, and not again as the command's error. */
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
  if (json) printDocument({ error: problems ? 'the settings are not usable' : error.message, problems });
  console.error(logLevelOf(process.env) === 'debug' ? error.stack : `lienthong: ${error.message || error.name}`);
}

let failed = false;

/** Whether a command of this process has failed. */
export function hasFailed(): boolean {
  return failed;
}

/** Reports an error that ends the command. */
export function failWith(error: Error, json: boolean, broken?: number): void {
  tellError(error, json, broken);
  failed = true;
}

/** A parser of whole numbers in a range, for options and arguments. */
export function wholeNumber(least = 0, most = 999_999_999): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** A parser of port numbers; 0 is a free port. */
export const portNumber = wholeNumber(0, 65_535);
