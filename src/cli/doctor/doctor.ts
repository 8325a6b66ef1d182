import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { PartyRights } from '#core/dossier/ownership';
import { type Config, embeddedFolder } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { dataFolderOf } from '../../embedded-postgres/cluster.ts';
import { rightsOf } from '../../parties/from-config.ts';
import { loadAdapters } from '../../parties/load-adapters.ts';
import { createVault, type Vault } from '../../secrets/vault.ts';
import { withDatabase } from '../open-database.ts';
import { loadHubConfig } from '../open-hub.ts';
import { type CommonOptions, type Result, runCommand, USAGE } from '../run-command.ts';
import { checkAudit } from './check-audit.ts';
import { checkCalendar } from './check-calendar.ts';
import { checkDatabase } from './check-database.ts';
import { checkDisk } from './check-disk.ts';
import { checkPartners } from './check-partners.ts';
import { checkQueue } from './check-queue.ts';
import { checkKeyed, checkSealing, checkSecrets } from './check-secrets.ts';
import { checkWork } from './check-work.ts';
import { type Finding, findingsOf, type Level } from './finding.ts';

/** `lienthong doctor`: what is wrong, or will be, and what to do. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at settings, secrets, database, disk, queue, partners, what waits and the audit, and say what to do',
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: CommonOptions) => runCommand(options, examine, USAGE));
}

const HELP = `
It changes nothing, asks partners nothing, and shows no secret. The hub may run meanwhile.

Exit codes: 0 nothing fails (there may be warnings), 1 something fails, 2 the settings are not usable.`;

async function examine(): Promise<Result> {
  const config = await loadHubConfig(process.env);
  const found = await Promise.all([
    attempt('secrets', async () => checkSecrets(config)),
    attempt('database', () => lookAtDatabase(config), unreachable),
    attempt('disk', async () => [await checkDisk(config.dataDir, config.databaseUrl === undefined)]),
    attempt('queue', () => checkQueue(config.redisUrl)),
    attempt('partners', () => checkPartners(config.file, Date.now)),
    attempt('settings', async () => checkOwners(rightsOf(config, await loadAdapters()))),
  ]);
  const parties = Object.keys(config.file.parties ?? {}).length;
  const findings = [
    findingsOf('settings')('ok', `the settings are usable: ${parties} parties`),
    checkCalendar(config.file, Date.now()),
    ...found.flat(),
  ];
  const failed = findings.some(({ level }) => level === 'fail');
  const counts = Object.fromEntries(
    LEVELS.map((level) => [level, findings.filter((one) => one.level === level).length]),
  );
  return { text: textOf(findings), document: { ...counts, findings }, failed };
}

/** Where several one-stop systems own nothing by name, the first that sends a dossier owns it. */
function checkOwners(rights: ReadonlyMap<string, PartyRights>): readonly Finding[] {
  const finding = findingsOf('settings');
  const open = [...rights].filter(([, { authoritative, owns }]) => authoritative === true && !owns).map(([id]) => id);
  if (open.length < 2) return [finding('ok', 'it is settled whose dossiers are whose')];
  const what = `${open.join(', ')} are authoritative and own no codes: whichever sends a dossier first owns it`;
  return [finding('warn', what, 'give each party `owns` in HUB_CONFIG, with the prefixes of its dossier codes')];
}

const LEVELS: readonly Level[] = ['ok', 'info', 'warn', 'fail'];

/** By the class of what PostgreSQL says: 28 is about who asks, 3D about which database. */
function unreachable(code = ''): string {
  if (code.startsWith('28')) return 'mend the user or the password in DATABASE_URL, or pg_hba.conf';
  return code.startsWith('3D') ? 'create the database, or mend DATABASE_URL' : 'start PostgreSQL, or mend DATABASE_URL';
}

/** An embedded database that is not there yet is not made for this. */
async function lookAtDatabase(config: Config): Promise<readonly Finding[]> {
  const folder = embeddedFolder(config);
  if (folder !== undefined && !existsSync(dataFolderOf(folder)))
    return [findingsOf('database')('info', 'no DATABASE_URL: an embedded database is made at the first start')];
  const vault = createVault(config.secrets as [string, ...string[]]);
  return withDatabase(config, (database) => checkAll(database, vault));
}

async function checkAll(database: Database, vault: Vault): Promise<readonly Finding[]> {
  return [
    ...(await checkDatabase(database, Date.now)),
    ...(await attempt('secrets', () => checkSealing(database, vault))),
    ...(await attempt('secrets', () => checkKeyed(database, vault))),
    ...(await attempt('work', () => checkWork(database, Date.now()))),
    ...(await attempt('audit', () => checkAudit(database, vault))),
  ];
}

/** What cannot be looked at is a finding too. */
async function attempt(
  area: Finding['area'],
  look: () => Promise<readonly Finding[]>,
  advice?: (code?: string) => string,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return [findingsOf(area)('fail', `it could not be looked at: ${message || code}`, advice?.(code))];
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
