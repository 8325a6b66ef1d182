import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { checkArchive } from '../../archive/check-archive.ts';
import { type TakenBack, takeBack } from '../../archive/take-back.ts';
import { type ArchiveManifest, writeArchive } from '../../archive/write-archive.ts';
import { eraseStaged } from '../../erasure/erase-staged.ts';
import type { Hub } from '../../hub.ts';
import { createAudit, writeAudit } from '../../ledger/audit.ts';
import { createSignDocument } from '../../operator-orders/evidence.ts';
import { verifyDocument } from '../../secrets/signed-documents.ts';
import { createVault, type Vault } from '../../secrets/vault.ts';
import { loadHubConfig, withHub } from '../open-hub.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, type Result, readPackage, runCommand, UsageError } from '../run-command.ts';
import { breakOffAtSignal } from '../until-signal.ts';
import { readRecoveryKey, requireRecipient } from './open-backup.ts';

interface ArchiveOptions extends CommonOptions {
  readonly for: string;
  readonly out: string;
}

/** `lienthong archive`: the history of one month as a sealed and signed folder. */
export function addArchive(program: Command): void {
  program
    .command('archive')
    .description('write the messages, events, attempts and changes of a past month to a sealed and signed folder')
    .argument('<month>', 'such as 2025-08, in UTC like the months that retentionMonths drops')
    .requiredOption('--for <recipient>', 'the public half of the recovery key: age1…, see lienthong keys recovery')
    .option('--out <folder>', 'where the folder lienthong-<month> is created', '.')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((month: string, options: ArchiveOptions) => runCommand(options, () => archive(month, options)));
}

const HELP = `
The hub may run meanwhile, and the archive holds one moment of the database. Write it before retentionMonths drops the month.
Take it back with: lienthong import --archive <folder> --key <file of the recovery key>`;

const WHO = 'lienthong archive';

async function archive(month: string, options: ArchiveOptions): Promise<Result> {
  if (!/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month))
    throw new UsageError(`got month ${JSON.stringify(month)}, expected one such as 2025-08`);
  const takenAt = msToInstant(Date.now());
  if (new Date().toISOString().slice(0, 7) <= month) throw new UsageError(`the month ${month} is not over in UTC`);
  const recipient = requireRecipient(options.for);
  const folder = join(resolve(options.out), `lienthong-${month}`);
  if (existsSync(folder)) throw new UsageError(`${folder} exists already: an archive is never overwritten`);
  const config = await loadHubConfig(process.env);
  const vault = createVault(config.secrets as [string, ...string[]]);
  const sign = createSignDocument({ vault, nowMs: Date.now }, config.file.province);
  const bar = createProgress('archive', 0);
  const manifest = await withHub(config, async ({ database }) => {
    const client = await database.pool.connect();
    try {
      const written = await breakOffAtSignal(database.breakOff, () =>
        writeArchive(client, {
          month,
          folder,
          recipient,
          takenAt,
          hub: readPackage().version,
          sign: (content) => sign('archive', content),
          tell: (table) => bar.update(0, table),
        }),
      );
      const subject = auditSubject('database', 'hub', `${month} ${rowsText(written)}`);
      await createAudit(database, Date.now).write({ actor: WHO, action: 'archive.written', subject });
      return written;
    } finally {
      client.release();
    }
  }).finally(() => bar.stop());
  const size = manifest.files.reduce((sum, { name }) => sum + statSync(join(folder, name)).size, 0);
  const text = `${folder}  ${(size / 2 ** 20).toFixed(1)} MiB: ${rowsText(manifest)}`;
  return { text, document: { folder, size, ...manifest } };
}

function rowsText({ files }: ArchiveManifest): string {
  return files.map(({ table, rows }) => `${rows} ${table}`).join(', ');
}

/** `lienthong import --archive`: checks an archive of this hub, and puts its rows back. */
export async function importArchive(folder: string, keyFile: string): Promise<Result> {
  if (!existsSync(folder)) throw new UsageError(`--archive: there is no folder ${folder}`);
  const secret = readRecoveryKey(keyFile);
  const config = await loadHubConfig(process.env, { mayCreate: true });
  const vault = createVault(config.secrets as [string, ...string[]]);
  const manifest = await checkArchive(folder, secret, (signed) => manifestOf(vault, signed));
  requireStays(manifest.month, config.file.retentionMonths);
  const bar = createProgress('import', 0);
  const take = ({ database }: Hub): Promise<TakenBack> =>
    takeBack(database, manifest, {
      folder,
      secret,
      eraseStaged: (tx) => eraseStaged({ vault }, tx),
      writeAudit(tx, back) {
        const subject = auditSubject('database', 'hub', `${manifest.month} ${takenText(back)}`);
        return writeAudit(tx, { actor: WHO, action: 'archive.taken-back', subject }, Date.now());
      },
      tell: (table) => bar.update(0, table),
    });
  const taken = await withHub(config, take, { mayCreate: true }).finally(() => bar.stop());
  const erased = taken.erasedAgain > 0 ? `\n${taken.erasedAgain} events were erased meanwhile, and stay erased` : '';
  return {
    text: `${manifest.month}: ${takenText(taken)} are back${erased}`,
    document: { month: manifest.month, ...taken },
  };
}

function takenText({ rows }: TakenBack): string {
  return Object.entries(rows)
    .map(([table, count]) => `${count} ${table}`)
    .join(', ');
}

/** @throws when this hub did not sign it */
async function manifestOf(vault: Vault, signed: string): Promise<ArchiveManifest> {
  const { type, content } = await verifyDocument(signed, [...(await vault.publicKeys())]);
  if (type !== 'archive') throw new Error(`it is signed as ${type}, expected an archive`);
  return content as ArchiveManifest;
}

/** The scheduler drops old months each day. */
function requireStays(month: string, months: number | undefined): void {
  if (months === undefined) return;
  const now = new Date();
  const oldest = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 7);
  if (month < oldest)
    throw new UsageError(`retentionMonths is ${months}: the hub would drop ${month} again. Raise it first`);
}
