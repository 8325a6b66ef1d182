import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { makeRecoveryKey } from '../backup/seal.ts';
import { type KeyEntry, loadConfig, SCOPES, type Scope } from '../config/config.ts';
import { rekeyAll } from '../database/rekey.ts';
import { reseal } from '../database/reseal.ts';
import { hubKinds } from '../foundation/hub-kinds.ts';
import { resignAnchors } from '../ledger/audit-chain.ts';
import { resealCheckpoints } from '../ledger/pulls.ts';
import { createVault } from '../secrets/vault.ts';
import { variableName } from './init/settings-texts.ts';
import { withDatabase } from './open-database.ts';
import { createProgress } from './progress.ts';
import { type CommonOptions, GROUP_HELP, type Result, runCommand, UsageError } from './run-command.ts';

/** `lienthong keys new|list|recovery|reseal`. */
export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description("make and list the keys of HUB_CONFIG, and renew the data's encryption")
    .addHelpText('after', GROUP_HELP);
  keys
    .command('new')
    .description('print a random secret, and the entry for "keys" in HUB_CONFIG that reads it from the environment')
    .requiredOption('--id <id>', 'the user name, such as portal')
    .requiredOption('--scope <scope>', `repeatable; one of ${SCOPES.join(', ')}`, gatherScopes)
    .option('--party <party>', 'the party whose door it opens; required with dossier:write')
    .option('--json', 'print one JSON document on stdout')
    .action((options: NewKey & CommonOptions) => runCommand(options, async () => newKey(options)));
  keys
    .command('list')
    .description('list the keys of HUB_CONFIG: ids, scopes and parties, never secrets')
    .option('--json', 'print one JSON document on stdout')
    .action((options: CommonOptions) =>
      runCommand(options, async () => listed(loadConfig(process.env, undefined, false).file.keys ?? [])),
    );
  keys
    .command('recovery')
    .description('make the key that opens backups, and its public half that seals them')
    .option('--json', 'print one JSON document on stdout')
    .action((options: CommonOptions) => runCommand(options, newRecoveryKey));
  keys
    .command('reseal')
    .description('encrypt the data of HUB_SECRET_OLD with the newest HUB_SECRET')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nRenews encrypted data, the hashes of personal data and the search words, also those that an older version stored in\nclear. Start the hub with the new HUB_SECRET and the old one in HUB_SECRET_OLD first; it may run meanwhile.\nAfter an interruption, run it again to continue. Afterwards only cursors that were handed out before the change\nneed HUB_SECRET_OLD: without it they get 400, and readers begin again. Receipts and evidence signed with the old secret\nneed the old public keys: save a copy of /.well-known/jwks.json before you remove the secret.',
    )
    .action((options: CommonOptions) => runCommand(options, resealAll));
}

async function newRecoveryKey(): Promise<Result> {
  const key = await makeRecoveryKey();
  const text = [
    'The recovery key is shown once. Keep it offline, on paper or in a safe, and never on this server:',
    `  ${key.secret}`,
    'Its public half seals backups (lienthong backup --for):',
    `  ${key.recipient}`,
  ].join('\n');
  return { text, document: key };
}

interface NewKey {
  readonly id: string;
  readonly scope: readonly Scope[];
  readonly party?: string;
}

function gatherScopes(scope: string, before: readonly Scope[] = []): readonly Scope[] {
  if (!(SCOPES as readonly string[]).includes(scope))
    throw new InvalidArgumentError(`Expected one of ${SCOPES.join(', ')}.`);
  return before.includes(scope as Scope) ? before : [...before, scope as Scope];
}

function newKey({ id, scope, party }: NewKey): Result {
  // HTTP Basic ends the user name at the first colon (RFC 7617).
  if (id.length > 100 || !/[\p{L}\p{N}]/u.test(id) || id.includes(':'))
    throw new UsageError('--id: expected a user name of at most 100 characters, without a colon');
  if (scope.includes('dossier:write') && party === undefined)
    throw new UsageError('--party is missing: a key with dossier:write opens the door of one party');
  const secret = randomBytes(32).toString('base64url');
  const variable = variableName(`${id}-key`);
  const entry = { id, secret: `\${${variable}}`, scopes: scope, party };
  const text = [
    'The secret is shown once. Give it to the partner, and to the hub in its environment:',
    `  ${variable}=${secret}`,
    'The entry for "keys" in HUB_CONFIG:',
    `  ${JSON.stringify(entry)}`,
  ].join('\n');
  return { text, document: { id, secret, variable, entry } };
}

function listed(keys: readonly KeyEntry[]): Result {
  const shown = keys.map(({ id, scopes, party }) => ({ id, scopes, party }));
  const width = Math.max(0, ...shown.map(({ id }) => id.length));
  const lines = shown.map(
    ({ id, scopes, party }) => `${id.padEnd(width)}  ${scopes.join(' ')}${party ? `  (party ${party})` : ''}`,
  );
  return { text: lines.length > 0 ? lines.join('\n') : 'there are no keys', document: { keys: shown } };
}

async function resealAll(): Promise<Result> {
  const config = loadConfig(process.env, undefined, false);
  const vault = createVault(config.secrets as [string, ...string[]]);
  const bar = createProgress('counting', 0);
  const { kinds } = hubKinds(config);
  const report = await withDatabase(config, async (database) => {
    const sealed = await reseal(database, vault, kinds, ({ done, total, table }) => {
      bar.setTotal(total);
      bar.update(done, `renewing ${table}`);
    });
    const pulls = await resealCheckpoints(database, vault);
    const audit_anchors = await resignAnchors(database, vault);
    // Counting the rows first would take too long, so the bar shows how many were read.
    const keyed = await rekeyAll(database, vault, kinds, ({ looked, table }) => {
      bar.setTotal(looked);
      bar.update(looked, `keying ${table}`);
    });
    return {
      resealed: { ...sealed.resealed, pulls, audit_anchors },
      rekeyed: keyed.rekeyed,
      unopened: sealed.unopened + keyed.unopened,
    };
  }).finally(() => bar.stop());
  const { resealed, rekeyed, unopened } = report;
  const text = [
    ...Object.entries(resealed).map(([table, count]) => `${table}: ${count} renewed`),
    ...Object.entries(rekeyed).map(([table, count]) => `${table}: ${count} hashes renewed`),
    ...(unopened > 0
      ? [
          `${unopened} are encrypted with a secret that neither HUB_SECRET nor HUB_SECRET_OLD gives: they stay unchanged`,
        ]
      : []),
  ].join('\n');
  return { text, document: report, failed: unopened > 0 };
}
