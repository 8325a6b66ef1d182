import { Command, CommanderError } from 'commander';
import { endSoon } from '../process/ending.ts';
import { hasFailed, printDocument, readPackage, tellStdoutError, USAGE } from './run-command.ts';
import { endAsSignalled } from './until-signal.ts';

type Add = (program: Command) => void;

/** Loaded on demand: each imports the parts of the hub that it needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  init: async () => (await import('./init/init.ts')).addInit,
  start: async () => (await import('./start.ts')).addStart,
  demo: async () => (await import('./demo.ts')).addDemo,
  sandbox: async () => (await import('./sandbox.ts')).addSandbox,
  certify: async () => (await import('./certify.ts')).addCertify,
  migrate: async () => (await import('./migrate.ts')).addMigrate,
  upgrade: async () => (await import('./upgrade/upgrade.ts')).addUpgrade,
  import: async () => (await import('./import/import.ts')).addImport,
  export: async () => (await import('./export/export.ts')).addExport,
  evidence: async () => (await import('./evidence/evidence.ts')).addEvidence,
  report: async () => (await import('./report.ts')).addReport,
  copy: async () => (await import('./copy/copy.ts')).addCopy,
  replay: async () => (await import('./replay.ts')).addReplay,
  backfill: async () => (await import('./backfill.ts')).addBackfill,
  rebuild: async () => (await import('./rebuild.ts')).addRebuild,
  compare: async () => (await import('./compare.ts')).addCompare,
  reconcile: async () => (await import('./reconcile.ts')).addReconcile,
  backup: async () => (await import('./backup/backup.ts')).addBackup,
  restore: async () => (await import('./backup/restore.ts')).addRestore,
  'verify-backup': async () => (await import('./backup/verify-backup.ts')).addVerifyBackup,
  archive: async () => (await import('./backup/archive.ts')).addArchive,
  'support-bundle': async () => (await import('./support/support-bundle.ts')).addSupportBundle,
  hold: async () => (await import('./hold.ts')).addHold,
  erase: async () => (await import('./erase.ts')).addErase,
  doctor: async () => (await import('./doctor/doctor.ts')).addDoctor,
  'put-back': async () => (await import('./put-back.ts')).addPutBack,
  keys: async () => (await import('./keys.ts')).addKeys,
  adapter: async () => (await import('./adapter/adapter.ts')).addAdapter,
  mapping: async () => (await import('./mapping/mapping.ts')).addMapping,
  prove: async () => (await import('./prove.ts')).addProve,
};

/** Runs one command line as a process. */
export async function main(argv: readonly string[]): Promise<void> {
  // The age format needs X25519, which the Node of Debian 13 (20.19) calls experimental in each backup.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name !== 'ExperimentalWarning') console.error(`${name}: ${message}`);
  });
  await run(argv);
  endAsSignalled();
  if (hasFailed()) endSoon();
}

/** The command line `lienthong <command>`. Exit codes: 0 done, 1 it failed or found something wrong, 2 wrong usage or settings. */
export async function run(argv: readonly string[]): Promise<void> {
  // A closed pipe (`| head`) is no error, and the command runs to its end. Any other error, such as a full disk, is reported
  // once, however many writes follow.
  let isTold = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isTold) return;
    isTold = true;
    tellStdoutError(error);
  });
  const { description, version } = readPackage();
  const program = new Command('lienthong')
    .description(description)
    .version(version)
    .exitOverride()
    .showHelpAfterError('(run lienthong <command> --help for usage)')
    .addHelpText('after', '\nExit codes: 0 done, 1 it failed or found something wrong, 2 wrong usage or settings.')
    .hook('preAction', (_, command) => refuseEmpty(command));
  const named = argv[2] ?? '';
  const load = Object.hasOwn(COMMANDS, named) ? [COMMANDS[named] as () => Promise<Add>] : Object.values(COMMANDS);
  for (const add of await Promise.all(load.map((one) => one()))) add(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander throws for help and version too, with code 0.
    if (error.exitCode === 0) return;
    if (argv.includes('--json')) printDocument({ error: error.message.replace(/^error: /, '') });
    process.exitCode = USAGE;
  }
}

/** Mostly an empty variable of a shell. `backfill --agency "$AGENCY"` would send the dossiers of all agencies. */
function refuseEmpty(command: Command): void {
  for (const option of command.options)
    if (option.required && command.getOptionValue(option.attributeName()) === '')
      command.error(`error: option '${option.flags}' is empty, expected a value`);
}
