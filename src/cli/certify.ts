import axios from 'axios';
import type { Command } from 'commander';
import { table } from '../play/report-text.ts';
import type { Case } from '../play/sandbox/cases.ts';
import { type CommonOptions, runCommand } from './run-command.ts';

interface CertifyOptions extends CommonOptions {
  readonly url: string;
}

interface Certificate {
  readonly party: string;
  readonly at: string;
  readonly cases: readonly Case[];
}

/** `lienthong certify`: what a system has shown at the sandbox. */
export function addCertify(program: Command): void {
  program
    .command('certify')
    .description('list the cases that a connected system passed at the sandbox')
    .argument('<party>', 'the party of the system, such as one-stop')
    .option('--url <address>', 'the address of the sandbox', 'http://127.0.0.1:8080')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nExit code 1 as long as a case failed or was not tried. Start the sandbox with `lienthong sandbox`.',
    )
    .action((party: string, options: CertifyOptions) => runCommand(options, () => certify(party, options)));
}

async function certify(party: string, { url }: CertifyOptions) {
  const { data, status } = await axios
    .get<Certificate & { readonly detail?: string }>(
      `${url.replace(/\/+$/, '')}/sandbox/certificate/${encodeURIComponent(party)}`,
      { proxy: false, validateStatus: () => true },
    )
    .catch((error: Error) => {
      throw new Error(
        `${url}: no sandbox answers (${error.message}); start it with \`lienthong sandbox\`, or give its address with --url`,
      );
    });
  if (status !== 200) throw new Error(data.detail ?? `${url}: got status ${status}, expected a sandbox of the hub`);
  const failed = data.cases.some(({ state }) => state !== 'passed');
  const rows = data.cases.map(({ state, en, example = '' }) => [en, state, example]);
  return { text: table([`${party} at ${data.at}`, 'state', 'example'], rows), document: data, failed };
}
