import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidDocument } from '../../secrets/signed-documents.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from '../run-command.ts';
import { writeWhole } from '../write-whole.ts';
import { type Checked, checkFile } from './check.ts';
import { textOf } from './text.ts';

interface WriteOptions extends CommonOptions {
  readonly force?: boolean;
}

interface VerifyOptions extends CommonOptions {
  readonly keys?: string | undefined;
  readonly body?: string | undefined;
}

/** `lienthong evidence <code> <file>` and `evidence verify <file>`: proof of one dossier's history outside the hub. */
export function addEvidence(program: Command): void {
  const evidence = program
    .command('evidence')
    .description('write a signed file with every message about a dossier and its effects; or verify one')
    .argument('<code>', "the dossier's code, or another code that it is known by")
    .argument('<file>', 'such as dossier.jws; - is stdout')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', WRITE_HELP)
    .action((code: string, file: string, options: WriteOptions) =>
      runCommand(options, () => write(code, file, options)),
    );
  evidence
    .command('verify')
    .description('verify such a file, or a signed receipt, without the hub, its database or its settings')
    .argument('<file>', 'the unchanged file')
    .option('--keys <file>', "the hub's public keys, as /.well-known/jwks.json gave them")
    .option('--body <file>', 'say which message has exactly these bytes')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', VERIFY_HELP)
    .action((file: string, _: VerifyOptions, command: Command) => {
      // `--json` is an option of both commands, and the outer one takes it first.
      const options = command.optsWithGlobals<VerifyOptions>();
      return runCommand(options, () => verify(file, options));
    });
}

const WRITE_HELP = `
It contains no personal data. The audit records who wrote it. The file names what was dropped since (retentionMonths).
Exit codes: 0 written, 1 failed, 2 wrong usage or settings.`;

const VERIFY_HELP = `
Without --keys it is verified by the key that goes along: then nothing was changed since somebody signed it, and who that
is tells the comparison of its key (kid) with a published one.

Exit codes: 0 it holds, 1 it does not (or no message has the bytes of --body), 2 wrong usage, or a file that cannot be read.`;

const STDOUT = '-';

async function write(code: string, file: string, { json, force }: WriteOptions): Promise<Result> {
  if (file === STDOUT && json) throw new UsageError('--json and - both write to stdout: name a file');
  if (file !== STDOUT && existsSync(file) && !force)
    throw new UsageError(`${file} exists already; --force overwrites it`);
  // Verifying needs nothing of the hub.
  const { loadHubConfig, withHub } = await import('../open-hub.ts');
  const config = await loadHubConfig(process.env);
  const made = await withHub(config, (hub) => hub.evidence('lienthong evidence', code));
  if (made.kind === 'none') throw new Error(`nothing is stored about ${JSON.stringify(made.code)}`);
  if (made.kind === 'ambiguous')
    throw new UsageError(`${made.code} is a code of several dossiers: ${made.codes.join(', ')}; ask for one of these`);
  if (file === STDOUT) return { text: made.signed, document: {} };
  await writeWhole(file, [made.signed, '\n']);
  return { text: `the evidence of ${made.code} is written to ${file}`, document: { code: made.code, file } };
}

async function verify(file: string, { keys, body }: VerifyOptions): Promise<Result> {
  const given = await read(file);
  const checked: Checked = await checkFile(
    given.toString(),
    keys === undefined ? undefined : { name: keys, text: (await read(keys)).toString() },
    body === undefined ? undefined : await read(body),
  );
  return { text: text(checked, file, { keys, body }), document: checked, failed: checked.body?.messages.length === 0 };
}

/** Anybody may sign anything with a key of their own. */
function text(checked: Checked, file: string, { keys, body }: VerifyOptions): string {
  try {
    return textOf(checked, file, keys, body);
  } catch (error) {
    throw new InvalidDocument(`the key ${checked.kid} has signed it, but the content is nothing that a hub writes`, {
      cause: error,
    });
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
