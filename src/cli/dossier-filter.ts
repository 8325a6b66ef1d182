import { type Command, Option } from 'commander';
import type { Kind } from '#core/records/kind';
import { CHANNELS } from '#schemas/dossier.upsert.v1';
import { type DossierQuery, filterOf } from '../http/dossier-filter.ts';
import { Refusal } from '../http/problem.ts';
import type { DossierFilter } from '../index/dossier-filter.ts';
import { UsageError } from './run-command.ts';

/** Adds the options that filter dossiers, as in the list of dossiers. */
export function withDossierFilter(command: Command): Command {
  return command
    .option('--status <statuses>', 'of dossiers in one of these, joined by commas')
    .option('--agency <code>', 'at this agency or one below it')
    .option('--service <code>', 'of this procedure, by its short or long code')
    .option('--field <code>', 'of this field')
    .addOption(new Option('--channel <channel>', 'that came so').choices(CHANNELS))
    .option('--received-from <date>', 'received on that day or later')
    .option('--received-to <date>', 'received on that day or before');
}

/** The states of `--state`, joined by commas. @throws UsageError for one that the kind does not have */
export function statesFrom({ states }: Kind, given: string): readonly string[] {
  const asked = given.split(',').map((one) => one.trim());
  const wrong = asked.find((one) => !states.includes(one));
  if (wrong !== undefined) throw new UsageError(`--state: got ${wrong}, expected some of ${states.join(', ')}`);
  return asked;
}

/**
 * Reads them as the list of dossiers does.
 * @throws UsageError with the option's name
 */
export function dossierFilterFrom(options: DossierQuery): DossierFilter {
  try {
    return filterOf(options, Date.now());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new UsageError(
      error.message.replace(/^\?(\w+)/, (_, name) => `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}:`),
    );
  }
}
