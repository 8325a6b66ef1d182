import type { MigrationName } from './migrate.ts';

/** What a migration means to the people who install it. */
export interface MigrationNote {
  /** One sentence. */
  readonly change: string;
  /** What a process of an older version would do wrong on the new tables. Without it, older processes may run beside new ones. */
  readonly stopOlder?: string;
  /** What the migration itself reads or writes row by row, while the start waits. */
  readonly duringStart?: Work;
  /** What the scheduler does afterwards, while the hub serves. */
  readonly afterwards?: Job;
  /** The settings that changed since the previous migration. */
  readonly settings?: readonly string[];
}

export interface Work {
  readonly tables: readonly string[];
  /** `index`: reads every row and builds an index. `update`: writes rows again. */
  readonly how: 'index' | 'update';
}

/** Background work. Several migrations that need the same job cause it once. */
export type Job = 'recount' | 'reseal' | 'remask' | 'reword';

const COUNTS_OTHERWISE = 'it would count by the former rules, and statistics would differ by process';
const index = (...tables: readonly string[]): Work => ({ tables, how: 'index' });
const update = (...tables: readonly string[]): Work => ({ tables, how: 'update' });

/** By migration. The type asks for a note for every migration. */
export const MIGRATION_NOTES: Readonly<Record<MigrationName, MigrationNote>> = {
  '001-ledger-and-index': { change: 'The first tables.', stopOlder: 'there is no older version' },
  '002-partners': { change: 'Parties can be paused, and incidents are stored.' },
  '003-operators': { change: 'Operators decide on causes, replay deliveries and edit code tables.' },
  '004-reconcile': { change: 'The hub stores when it compares with each party.' },
  '005-watch': {
    change: 'The hub notices changed payloads, and says what delayed a dossier.',
    duringStart: index('quarantine'),
  },
  '006-soap-nonces': { change: 'A WS-Security message is accepted once by all processes together.' },
  '007-anomalies': { change: 'Operators see unexpected events.', duringStart: index('events') },
  '008-replay-counts': {
    change: 'A replay stores its own counts.',
    stopOlder: 'its replays would fail',
    duringStart: update('replay_items'),
  },
  '009-look-up-tries': { change: 'All processes count the look-ups of citizens together.' },
  '010-counted': { change: 'Statistics are counted ahead.', afterwards: 'recount' },
  '011-audit-chain': { change: 'Audit entries are linked and signed.', duringStart: update('audit') },
  '012-ended-sessions': { change: 'A session that an officer ended stays ended in every process.' },
  '013-catalogue-versions': { change: 'All versions of the catalogue are kept.', duringStart: update('catalogue') },
  '014-database-homes': { change: 'The hub notices a restored database.' },
  '015-late-until-ended': { change: 'Ended dossiers say since when they were late.', afterwards: 'recount' },
  '016-backfills': { change: 'Dossiers can be sent to a new party afterwards.' },
  '017-parts-of-dossiers': {
    change: 'Parts of a dossier are counted with the whole.',
    duringStart: index('dossiers'),
    afterwards: 'recount',
  },
  '018-ownership': {
    change: 'Every dossier has one owner. Doubtful older changes are listed for operators.',
    stopOlder: 'it would let a party change dossiers that it does not own',
    duringStart: index('events'),
  },
  '019-keyed-hashes': {
    change: 'Hashes and search words are keyed.',
    stopOlder: 'it would store hashes in clear, and not find keyed words',
    afterwards: 'reseal',
  },
  '020-mask-of-version': {
    change: 'Masked records say by which rule they were masked.',
    duringStart: index('dossiers'),
    afterwards: 'remask',
  },
  '021-refusals-of-strangers': { change: 'Old refusals are found by an index.', duringStart: index('messages') },
  '022-held-deliveries': {
    change: 'A held delivery has a state of its own.',
    stopOlder: 'it would hold deliveries in a form that new processes do not recognise',
    duringStart: index('deliveries', 'quarantine'),
    settings: [
      'routes: the start stops if a receiving party has no operation for the route',
      'a ministry by settings: the start stops at a value that can never exist',
    ],
  },
  '024-request-limit-names': {
    change: 'Counters of limits have new names.',
    stopOlder: 'it would count wrong proofs apart from new processes',
  },
  '025-structured-causes': {
    change: 'A cause in the quarantine names its code table and code.',
    stopOlder: 'it would store causes without them',
    duringStart: update('quarantine'),
  },
  '026-late-history': {
    change: 'Late history is counted.',
    stopOlder: COUNTS_OTHERWISE,
    afterwards: 'recount',
  },
  '027-words': { change: 'What the hub says can be shown in Vietnamese.' },
  '028-records': { change: 'Questions, petitions, ratings, postal orders and payments have tables.' },
  '029-running-totals': {
    change: 'Reports read running totals.',
    stopOlder: 'its dossiers would be missing in the totals',
    afterwards: 'recount',
  },
  '030-mask-of-records': { change: 'Masked records beside dossiers say by which rule.', duringStart: index('records') },
  '031-filter-words': {
    change: 'One index serves every filter of a list.',
    stopOlder: 'lists would lack its dossiers',
    duringStart: index('dossiers'),
    afterwards: 'reword',
  },
  '032-facts': {
    change: 'Reports count channels, extensions and other facts.',
    stopOlder: COUNTS_OTHERWISE,
    duringStart: index('counted'),
    afterwards: 'recount',
  },
  '033-records-of-dossiers': { change: 'Two records about one dossier cannot overtake each other.' },
  '034-heartbeats': {
    change: 'Read replicas say how fresh they are.',
    settings: ['DATABASE_READ_URLS and HUB_REPLICA_MAX_LAG_S are new', 'DATABASE_URL may name several hosts'],
  },
  '035-counted-records': {
    change: 'Reports count questions, petitions and ratings.',
    stopOlder: 'reports would lack its records',
    duringStart: update('records'),
  },
  '036-shorter-sums': {
    change: 'Totals of a third of a month, and of all agencies.',
    stopOlder: 'its dossiers would be missing in them',
    duringStart: update('agency_totals', 'service_totals'),
  },
  '037-received-days': { change: 'Lists of a period read an index of days.', duringStart: index('dossiers') },
  '038-process-runs': { change: 'Reports on availability and incidents.' },
  '039-field-totals': {
    change: 'Totals by field.',
    stopOlder: 'its dossiers would be missing in them',
    duringStart: update('cell_totals'),
  },
  '040-erasures': {
    change: 'Personal data ends, and legal holds keep it.',
    stopOlder: 'it could write data again that was erased meanwhile',
    settings: ['retention is new: without it, personal data does not end'],
    duringStart: index('dossiers', 'records'),
  },
  '041-packed-dossiers': { change: 'A page holds four dossiers instead of three.' },
  '042-flow-totals': { change: 'The overview shows the flow. Messages at older processes are missing in it.' },
  '043-saved-filters': { change: 'Officers save filters of lists under a name.' },
  '044-late-counts': { change: 'A report finds late dossiers by an index.', duringStart: index('counted') },
  '045-asks': { change: 'The hub stores who asked which register what, and why.' },
  '046-notes-of-migrations': { change: 'The database says which older versions may run on it.' },
  '047-ownership-rules': { change: 'The hub keeps the ownership rules of all times, and a rebuild judges by them.' },
  '048-found-deliveries': {
    change: 'Deliveries are found by the reason of their failure.',
    duringStart: index('deliveries'),
  },
  '049-delivery-times': {
    change: 'Reports find the deliveries of a period by an index.',
    duringStart: index('deliveries'),
  },
  '050-short-pauses': { change: 'New dossiers wait a shorter time for the search index.' },
  '051-erased-reasons': {
    change: 'An erasure also hides the person in reasons and notes of officers.',
    stopOlder: 'it would take an erased reason in the audit for a forged one',
  },
  '052-files': {
    change: 'Files pass through the hub.',
    settings: ['files is new: without it, the hub stores no files'],
  },
  '053-mapping-changes': {
    change: 'Two officers change a code table, and may go back to an earlier version.',
    settings: ['keys may name their person'],
  },
  '054-party-files': {
    change: 'The hub counts the bytes of each party, and records the use of a file with its dossier.',
    stopOlder: 'it would remove pushed files that no dossier names yet',
  },
  '055-file-fetches': {
    change: 'The hub fetches files from addresses that the settings allow.',
    settings: ['parties may name files.from: without it, the hub calls no address of a dossier'],
  },
  '056-dropped-files': { change: 'The hub lists the files of parties that send tables, with what became of each.' },
  '057-uploads': {
    change: 'The hub continues an uploaded file after a kill, and lists a repeated file under its own name.',
  },
  '058-corrections': {
    change: 'An approved change of a code table may correct what earlier messages were read as.',
    stopOlder: 'it would count what a correction replaced',
  },
  '059-sender-of-deliveries': {
    change: "The senders of one partner's deliveries take turns.",
    duringStart: index('deliveries'),
  },
  '060-words-by-time': {
    change: 'The search index keeps words apart by time.',
    stopOlder: 'its lists would read all dossiers',
    duringStart: index('dossiers'),
  },
  '061-fact-totals': {
    change: 'The reports on online services and on missing fields read no dossiers of a quarter.',
    stopOlder: 'it would leave changes out of the totals of these reports',
    duringStart: index('counted'),
  },
  '062-words-merged-apart': {
    change: 'New words are merged into the search index beside the pushes.',
    stopOlder: 'it would not find new dossiers by a whole code',
  },
  '063-words-by-day': {
    change: 'The search index has words of days, and open dossiers have an index by day.',
    stopOlder: 'its lists would read all dossiers',
    duringStart: index('dossiers'),
  },
  '064-counting-goes-on': { change: 'In a flood, readers of statistics leave the counting to the scheduler.' },
  '065-masked-version': {
    change: 'Phone and identity numbers in groups are masked in the texts of citizens.',
    duringStart: index('records'),
  },
  '066-counted-alike': {
    change: 'A dossier counts the same, sent in one message or in several.',
    afterwards: 'recount',
  },
  '067-rare-matches': {
    change: 'Messages of a rare outcome and records in a rare final state have an index.',
    duringStart: index('messages', 'audit', 'records'),
  },
  '068-events-of-messages': {
    change: 'A rebuild finds the events of messages whose bodies are gone, and some masked copies are made again.',
    duringStart: index('dossiers', 'record_events'),
  },
  '069-masks-and-ends': {
    change:
      'Numbers in unusual characters are masked in the texts of citizens. By the rule td, a dossier that is returned after a stop keeps the grade of the stop.',
    duringStart: update('records'),
    afterwards: 'remask',
  },
  '070-ends-of-owners': {
    change:
      'Where another party reported a status at the moment of the owner’s status, the statistics count that of the owner alone, as the index does.',
  },
  '071-masks-of-earlier-people': {
    change: 'The texts of questions and other records mask the people of earlier reports too.',
    duringStart: update('records'),
    afterwards: 'remask',
  },
  '072-calendar-of-counts': {
    change: 'After a change of the working calendar, dossiers without a due date are counted again.',
  },
};
