import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { markFormula } from '#core/csv-cells';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Config } from '../../config/config.ts';
import { codeReadings } from '../../http/doors/readers.ts';
import type { Hub } from '../../hub.ts';
import { createAudit } from '../../ledger/audit.ts';
import type { MappingLine } from '../../ledger/code-entries.ts';
import type { EffectItem, MappingChange, MappingEffect } from '../../operator-orders/mapping-effect.ts';
import { type LoadedAdapter, loadAdapters } from '../../parties/load-adapters.ts';
import { createParty, type Party } from '../../parties/party.ts';
import { table } from '../../play/report-text.ts';
import { loadHubConfig, requireParty, withHub } from '../open-hub.ts';
import { type Result, UsageError } from '../run-command.ts';
import { untilSignal } from '../until-signal.ts';
import { writeWhole } from '../write-whole.ts';

export interface TryOptions {
  readonly line: readonly string[];
  readonly remove: readonly string[];
  readonly settings?: string;
  readonly days: number;
  readonly most: number;
  readonly csv?: string;
  readonly force?: boolean;
  readonly strict?: boolean;
  readonly personal?: boolean;
  readonly why?: string;
}

/**
 * Reads a party's stored messages by the present mapping and by a changed one, and shows what differs.
 * @throws UsageError when nothing is changed, a line or the settings are wrong, `personal` has no reason, or the file exists
 */
export async function tryMappingHere(party: string, options: TryOptions): Promise<Result> {
  const config = await loadHubConfig(process.env);
  requireParty(config, party);
  const lines = [...options.line.map(lineOf), ...options.remove.map(removalOf)];
  const { settings: file, csv, personal = false, why, strict, days, most: mostItems } = options;
  if (personal && !why?.trim()) throw new UsageError('--personal needs --why');
  if (csv !== undefined && existsSync(csv) && !options.force)
    throw new UsageError(`${csv} exists already; --force overwrites it`);
  if (lines.length === 0 && file === undefined)
    throw new UsageError('name what to try: --line, --remove or --settings');
  const changed = file === undefined ? undefined : await loadHubConfig({ ...process.env, HUB_CONFIG: file });
  if (changed) requireParty(changed, party);
  const { signal } = untilSignal(['SIGINT', 'SIGTERM']);
  return withHub(config, async (hub) => {
    const settings = changed && (await settingsOf(changed, hub, party));
    const sheet = csv === undefined ? undefined : createSheet(csv);
    try {
      // Audited before anything is shown: nobody sees personal data without an audit entry.
      if (personal)
        await createAudit(hub.database, Date.now).write({
          actor: 'lienthong mapping try',
          action: 'mapping.try-personal',
          subject: auditSubject('party', party, `${days} days`),
          why: why as string,
        });
      const change: MappingChange = { party, lines, settings };
      const effect = await hub.orders.tryMapping(change, {
        days,
        mostItems,
        mostMs: Number.POSITIVE_INFINITY,
        signal,
        personal,
        each: sheet?.add,
      });
      if ('problems' in effect)
        throw new UsageError(effect.problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
      await sheet?.close();
      return shown(effect, strict ?? false);
    } finally {
      sheet?.drop();
      settings?.party.close();
    }
  });
}

const WHOLE_LINE = /^([^:=]+):(.+?)=(.+)$/s;
const REMOVAL = /^([^:=]+):(.+)$/s;

function lineOf(text: string): MappingLine {
  const [, name = '', from = '', to = ''] = WHOLE_LINE.exec(text) ?? [];
  if (!to.trim()) throw new UsageError(`--line: got ${JSON.stringify(text)}, expected table:code=meaning`);
  return { table: name.trim(), from: from.trim(), to: to.trim() };
}

function removalOf(text: string): MappingLine {
  const [, name = '', from = ''] = REMOVAL.exec(text) ?? [];
  if (!from.trim()) throw new UsageError(`--remove: got ${JSON.stringify(text)}, expected table:code`);
  return { table: name.trim(), from: from.trim(), to: null };
}

/** The party as a hub with these settings would have it. It calls nobody. */
async function settingsOf(
  { file }: Config,
  { kinds }: Hub,
  id: string,
): Promise<NonNullable<MappingChange['settings']>> {
  const entry = file.parties?.[id];
  const { adapter, manifest } = (await loadAdapters()).get(entry?.adapter ?? '') as LoadedAdapter;
  await adapter.load?.();
  const { settings = {}, title = manifest.title } = entry ?? {};
  // tryMapping gives it the code tables of each reading.
  const codes = { at: () => NONE, now: () => NONE };
  const party: Party = createParty({ id, title, adapter, authoritative: false, settings, codes, nowMs: Date.now });
  return { party, readersWith: codeReadings(kinds, file).readersWith };
}

const NONE = (): ReadonlyMap<string, string> => new Map();

const HEAD = ['message', 'item', 'code', 'kind', 'member', 'was', 'would', 'why'];

/** A CSV file that gets its rows while messages are read. It appears when it is whole. */
function createSheet(file: string) {
  const rows = new PassThrough();
  const written = writeWhole(file, rows);
  // Awaited in close; until then a failure ends the writes.
  written.catch(() => rows.destroy());
  // Of a trial that does not end. Nobody reads the rows then.
  rows.on('error', () => undefined);
  const write = (lines: readonly (readonly unknown[])[], bom = false): boolean =>
    rows.write(stringify(lines as unknown[][], { bom, cast: { string: markFormula } }));
  write([HEAD], true);
  return {
    async add(item: EffectItem): Promise<void> {
      if (!rows.destroyed && !write(rowsOf(item))) await Promise.race([once(rows, 'drain'), written]);
    },
    async close(): Promise<void> {
      rows.end();
      await written;
    },
    /** A file that is not whole leaves nothing. */
    drop(): void {
      if (!rows.writableEnded) rows.destroy(new Error('the trial did not end'));
    },
  };
}

function rowsOf({ messageId, item, code = '', kind, changes, problems }: EffectItem): readonly (readonly unknown[])[] {
  const why = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  return changes.map(({ path, was, would }) => [messageId, item, code, kind, path, cellOf(was), cellOf(would), why]);
}

function cellOf(value: unknown): string {
  return value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

function shown(effect: MappingEffect, isStrict: boolean): Result {
  const { looked, counts, dossiers, statuses, recipients, waiting, items } = effect;
  const differing = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const text = [
    `${looked.items} items of ${looked.messages} messages since ${looked.since}${looked.isAll ? '' : ', not all of the period'}`,
    `  ${counts.changed} would be read with other values`,
    `  ${counts.readable} that wait or are invalid would be read`,
    `  ${counts.unreadable} that are read would no longer be`,
    `  ${counts.otherwise} would wait or be invalid for another reason`,
    `  ${dossiers} dossiers would have other records`,
    ...(waiting.items + waiting.deliveries > 0
      ? [`  ${waiting.items} items and ${waiting.deliveries} deliveries wait for these codes now`]
      : []),
    ...(statuses.length > 0
      ? [
          '',
          table(
            ['status', 'would be', 'items'],
            statuses.map(({ was, would, items: n }) => [was || '–', would || '–', n]),
          ),
        ]
      : []),
    ...(recipients.length > 0
      ? [
          '',
          table(
            ['would be sent to', 'deliveries'],
            recipients.map((one) => [one.party, one.deliveries]),
          ),
        ]
      : []),
    ...(items.length > 0 ? ['', ...items.flatMap(itemLines)] : []),
    ...(differing > items.length ? [`… and ${differing - items.length} more items; all of them with --csv`] : []),
    '',
    'nothing was changed',
  ].join('\n');
  const failed = counts.unreadable > 0 || (isStrict && differing > 0);
  return { text, document: effect, failed, incomplete: !looked.isAll };
}

function itemLines({ code = '(no code)', messageId, item, kind, changes, problems }: EffectItem): readonly string[] {
  return [
    `${code}  ${kind}  message ${messageId} item ${item}`,
    ...changes.map(({ path, was, would }) => `    ${path || '/'}: ${JSON.stringify(was)} → ${JSON.stringify(would)}`),
    ...problems.map(({ path, message }) => `    ${path || '/'} ${message}`),
  ];
}
