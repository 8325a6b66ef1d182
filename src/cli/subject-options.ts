import type { Command } from 'commander';
import { cleanCode } from '#core/identifiers/identifiers';
import type { Person } from '#core/masking/mentions';
import type { Kinds } from '#core/records/kinds';
import type { SubjectAsked } from '../erasure/erasing.ts';
import { type CommonOptions, UsageError } from './run-command.ts';

/** Options that name a record of a kind or a person, beside the code as an argument. */
export interface SubjectOptions extends CommonOptions {
  readonly kind?: string;
  readonly name?: string;
  readonly identity?: string;
  readonly phone?: string;
  readonly email?: string;
}

export function withSubjectOptions(command: Command): Command {
  return command
    .option('--kind <kind>', 'a kind of record, such as question')
    .option('--name <name>', 'the name of a person, with --phone or --email')
    .option('--identity <number>', 'the identity number of a person')
    .option('--phone <number>', 'the phone number of a person')
    .option('--email <address>', 'the e-mail address of a person');
}

/** @throws UsageError when not exactly one is given, a code or a person, or a person with a kind of record */
export function orderOf(
  code: string | undefined,
  { kind: kindName, name, identity: identityNumber, phone, email }: SubjectOptions,
): (kinds: Kinds) => SubjectAsked {
  const given = { name, identityNumber, phone, email };
  const person = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Person;
  const isPerson = Object.keys(person).length > 0;
  if (isPerson === (code !== undefined)) throw new UsageError('expected the code of a dossier or record, or a person');
  if (isPerson && kindName !== undefined)
    throw new UsageError('--kind: only with a code; of a person everything is taken');
  return (kinds) => {
    const kind = kindName === undefined ? undefined : kinds.byName(kindName);
    if (kindName !== undefined && !kind)
      throw new UsageError(`--kind: got ${kindName}, expected one of ${kinds.all.map((one) => one.name).join(', ')}`);
    return code === undefined ? { person } : { code: cleanCode(code), kind };
  };
}

/** @throws UsageError when the reason is blank */
export function reasonIn(why: string): string {
  if (why.trim() === '') throw new UsageError('--why is blank, expected the reason');
  return why.trim();
}
