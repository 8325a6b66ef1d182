import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { PartyRights } from '#core/dossier/ownership';
import { type Config, embeddedFolder, loadConfig } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { dataFolderOf } from '../../embedded-postgres/cluster.ts';
import { rightsOf } from '../../parties/from-config.ts';
import { loadAdapters } from '../../parties/load-adapters.ts';
import { createVault, type Vault } from '../../secrets/vault.ts';
import { withDatabase } from '../open-database.ts';
import { type CommonOptions, type Result, runCommand, USAGE } from '../run-command.ts';
import { checkAudit } from './check-audit.ts';
import { checkBackup } from './check-backup.ts';
import { checkCalendar } from './check-calendar.ts';
import { checkDatabase } from './check-database.ts';
import { checkDisks } from './check-disk.ts';
import { checkFiles } from './check-files.ts';
import { checkNamed } from './check-named.ts';
import { checkPartners } from './check-partners.ts';
import { checkQueue } from './check-queue.ts';
import { checkReplicas } from './check-replicas.ts';
import { checkRetention } from './check-retention.ts';
import { checkKeyed, checkSealing, checkSecrets } from './check-secrets.ts';
import { checkWork } from './check-work.ts';
import { type Finding, findingsOf, type Level } from './finding.ts';

/** `lienthong doctor`: what is wrong or soon will be, and what to do. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'check settings, secrets, database, disk, queue, partners, waiting work, retention, files and the audit, and say what to do',
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: CommonOptions) => runCommand(options, examine, USAGE));
}

const HELP = `
It changes nothing, asks partners for nothing but a WSDL, and shows no secret. The hub may run meanwhile.
Exit codes: 0 no failure (there may be warnings), 1 a failure, 2 the settings are not usable.`;

async function examine(): Promise<Result> {
  const findings = await examineHub(loadConfig(process.env, await loadAdapters(), false));
  const failed = findings.some(({ level }) => level === 'fail');
  const counts = Object.fromEntries(
    LEVELS.map((level) => [level, findings.filter((one) => one.level === level).length]),
  );
  return { text: textOf(findings), document: { ...counts, findings }, failed };
}

/** All checks of doctor, in the order in which they are shown. */
export async function examineHub(config: Config): Promise<readonly Finding[]> {
  const adapters = await loadAdapters();
  const found = await Promise.all([
    attempt('secrets', async () => checkSecrets(config)),
    attempt('database', () => lookAtDatabase(config), unreachable),
    attempt('disk', () => checkDisks(config)),
    attempt('queue', () => checkQueue(config.redisUrl)),
    attempt('partners', () => checkPartners(config.file, Date.now)),
    attempt('partners', () => checkNamed(config.file, adapters)),
    attempt('settings', async () => checkOwners(rightsOf(config, adapters))),
  ]);
  return [checkFile(config), checkCalendar(config.file, Date.now()), ...found.flat()];
}

/** Warns without a configuration file: the checks of parties and keys then have nothing to check. */
function checkFile({ file, filePath }: Config): Finding {
  const finding = findingsOf('settings');
  const parties = Object.keys(file.parties ?? {}).length;
  if (existsSync(filePath)) return finding('ok', `the settings are usable: ${parties} parties`);
  const advice = 'set HUB_CONFIG and the other variables of the hub in this shell, then run doctor again';
  return finding('warn', `there is no configuration file ${filePath}: the hub would have no party and no key`, advice);
}

/** Warns when several one-stop systems own no codes: the first that sends a dossier owns it. */
function checkOwners(rights: ReadonlyMap<string, PartyRights>): readonly Finding[] {
  const finding = findingsOf('settings');
  const open = [...rights].filter(([, { authoritative, owns }]) => authoritative === true && !owns).map(([id]) => id);
  if (open.length < 2) return [finding('ok', 'the owner of every dossier is configured')];
  const what = `${open.join(', ')} are authoritative and own no codes: whichever sends a dossier first owns it`;
  return [finding('warn', what, 'give each party `owns` in HUB_CONFIG, with the prefixes of its dossier codes')];
}

const LEVELS: readonly Level[] = ['ok', 'info', 'warn', 'fail'];

/** By the code of an error, or the class of PostgreSQL's. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  // Authorisation, the name of the database, too many connections, a server that starts or stops, and no primary.
  28: 'correct the user or the password in DATABASE_URL, or pg_hba.conf',
  '3D': 'create the database, or correct DATABASE_URL',
  53300: 'raise max_connections in postgresql.conf, or end sessions of others: see pg_stat_activity',
  '57P03': 'wait until PostgreSQL has started, and see its log',
  25006: 'start the primary, or promote a standby',
  // Of the embedded database's folder.
  EACCES: 'run it as the user of the hub',
  OTHERS_FILE: 'run that command as root, then doctor again',
  ENOSPC: 'make room on its disk',
};

/** What to do where the database cannot be reached. @param code of PostgreSQL or of the system */
export function unreachable(code = ''): string {
  return UNREACHABLE[code] ?? UNREACHABLE[code.slice(0, 2)] ?? 'start PostgreSQL, or correct DATABASE_URL';
}

/** Does not create a missing embedded database just for this. */
async function lookAtDatabase(config: Config): Promise<readonly Finding[]> {
  const folder = embeddedFolder(config);
  if (folder !== undefined && !existsSync(dataFolderOf(folder)))
    return [findingsOf('database')('info', 'no DATABASE_URL: an embedded database is made at the first start')];
  const vault = createVault(config.secrets as [string, ...string[]]);
  return withDatabase(config, async (database) => [
    ...(await checkAll(database, vault, config)),
    ...(await attempt('database', () => checkReplicas(config, database))),
  ]);
}

async function checkAll(database: Database, vault: Vault, config: Config): Promise<readonly Finding[]> {
  const { file } = config;
  return [
    ...(await checkDatabase(database, Date.now)),
    ...(await attempt('database', () => checkBackup(database, Date.now()))),
    ...(await attempt('secrets', () => checkSealing(database, vault))),
    ...(await attempt('secrets', () => checkKeyed(database, vault))),
    ...(await attempt('work', () => checkWork(database, Date.now()))),
    ...(await attempt('retention', () => checkRetention(database, file, Date.now()))),
    ...(await attempt('files', () => checkFiles(config, database, vault))),
    ...(await attempt('audit', () => checkAudit(database, vault))),
  ];
}

/** A check that throws becomes a finding. */
async function attempt(
  area: Finding['area'],
  look: () => Promise<readonly Finding[]>,
  advice?: (code?: string) => string,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return [findingsOf(area)('fail', `the check failed: ${message || code}`, advice?.(code))];
  }
}

function textOf(findings: readonly Finding[]): string {
  return findings
    .map(({ area, level, found, advice }) =>
      [
        `${level.padEnd(4)}  ${area.padEnd(8)}  ${found}`,
        ...(advice === undefined ? [] : [`${' '.repeat(16)}→ ${advice}`]),
      ].join('\n'),
    )
    .join('\n');
}
