import { codeOf } from './hub.ts';

/** The result of a look-up, which is the answer to a form and has no address of its own. */
export const FOUND = '/#found';
export const PUBLIC = [
  FOUND,
  ...['/', '/services', '/services/1.001193.000.00.00.H60', '/services/1.001193/changes', '/agencies'],
  ...['/agencies?inForce=all', '/statistics', '/statistics?level=commune'],
  ...[
    '/questions',
    '/questions/ask',
    '/questions/follow',
    '/rating',
    '/status',
    '/services/9.999999',
    '/receipts/no-such-receipt',
    '/embed/dossier',
  ],
];
export const CONSOLE = [
  ...['', '/deliveries', '/deliveries?state=failed', '/replays', '/replays/new?state=refused', '/messages'],
  ...['/quarantine', '/records', '/troubled-records', '/code-tables', '/code-tables?party=portal', '/unknown-codes'],
  ...['/mappings', '/mappings/1', '/mappings/table?party=portal&table=portal-status'],
  ...['/anomalies', '/doubtful-dossiers', '/ended-services', '/legal-holds', '/sign-in'],
  ...['/incidents', '/incidents?state=all', '/audit', '/parts', '/bulk', '/due', '/due?within=overdue'],
  ...['/statistics', '/statistics?level=commune', '/statistics/dossiers?column=received&by=agency', '/reports'],
  ...[
    '/retention',
    '/asks',
    '/erase',
    '/search?q=r',
    '/search?q=none-such',
    '/parties/portal',
    '/parties/portal/backfill',
    '/parties/water/drops',
    '/parties/water/drops/1',
    '/parties/water/drops/2',
  ],
  ...['/parties/portal/compared?with=ministry', '/records/question/H60-HD-0001', '/records/petition/H60-PA-0001'],
  ...[`/dossiers?code=${codeOf(1)}`, '/reports/ii06a?period=2025-Q3', '/reports/connections?period=2025-Q3'],
  ...['/reports/connections/records?period=2025-Q3&column=delivered', '/incidents/1', '/no-such-page'],
  '/code-tables/preview?party=one-stop&table=national-status&from=77&to=processing',
].map((path) => `/console${path}`);

/** Pages of what the test creates: the list that has it first, and the pages of that entry. */
export const CONTENTS = [
  { list: 'messages', pages: ['/console/messages/:id', '/console/messages/:id/body'] },
  { list: 'deliveries?state=refused', pages: ['/console/deliveries/:id', '/console/deliveries/:id/wire'] },
  { list: 'replays', pages: ['/console/replays/:id'] },
  { list: 'quarantine', pages: ['/console/quarantine/:id'] },
] as const;
