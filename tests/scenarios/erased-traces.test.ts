import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quotedText } from '#messages/message';
import { checkArchive } from '../../src/archive/check-archive.ts';
import { takeBack } from '../../src/archive/take-back.ts';
import { type ArchiveManifest, writeArchive } from '../../src/archive/write-archive.ts';
import { framesOf } from '../../src/backup/frames.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { makeRecoveryKey, unseal } from '../../src/backup/seal.ts';
import { backupFrames } from '../../src/backup/write-backup.ts';
import { openCopy } from '../../src/copy/copy.ts';
import type { Outcome } from '../../src/core/dossier/settle.ts';
import { migrateTo } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/pool.ts';
import { eraseStaged } from '../../src/erasure/erase-staged.ts';
import type { Outgoing } from '../../src/kit/sender.ts';
import { followChain, loadAnchors, resignAnchors, saveAnchor } from '../../src/ledger/audit-chain.ts';
import { openIncident } from '../../src/ledger/incidents.ts';
import { verifyDocument } from '../../src/secrets/signed-documents.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { canariesIn, PERSON, SPELLINGS } from '../support/canaries.ts';
import { testDatabase } from '../support/database.ts';
import { dumpOf } from '../support/dump.ts';
import { codeOf, dossier, HUB_SECRET, progress, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, petition, postalOrder, question, rating } from '../support/kinds.ts';
import { lienthongHere } from '../support/lienthong.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { testFolder } from '../support/process.ts';

const NOW = Date.parse('2025-08-26T08:00:00+07:00');
const MONTH = '2025-08';
const vault = createVault([HUB_SECRET]);
const person = { kind: 'citizen', ...PERSON, identityKind: 'cccd' };
const { identityNumber: _, techId: __, ...contact } = PERSON;
const other = { kind: 'citizen', name: 'Lê Thị Hoa', phone: '0911111111', identityNumber: '001000000009' };
const at = (day: number): string => `2025-08-${day}T09:00:00+07:00`;
const RETURNED = { status: 'returned', statusAt: at(15), finishedAt: at(15), returnedAt: at(15) };
const ASKED = { person: { identityNumber: PERSON.identityNumber } };
const ALL = { openToo: true, namesToo: true, tell: () => undefined };
const BY = { who: 'test', why: 'Công văn 12/CA' };
const OWN = codeOf(1);
/** A dossier of somebody else for each spelling. */
const MENTIONING = Object.keys(SPELLINGS).map((_, n) => codeOf(n + 2));
/** A dossier of somebody else for each value alone, which may be that of a family. */
const ALONE = Object.entries(PERSON).map(([, value], n) => ({ code: codeOf(n + 100), value }));
/** All that is known of the person, in one spelling. */
const spelled = Object.values(SPELLINGS).map((write) =>
  Object.values(PERSON)
    .map((value) => write(value))
    .join(' ; '),
);

const folder = mkdtempSync(join(tmpdir(), 'lienthong-traces-'));
const settings = testFolder({ parties: { 'one-stop': { adapter: 'one-stop' } } });
const portal = testPartner();
let hub: TestHub;
let operator: Operator;

const tracesOf = async (pool: Parameters<typeof dumpOf>[0]) =>
  (await dumpOf(pool, vault)).flatMap(({ place, text }) => {
    const found = canariesIn(text);
    return found.length > 0 ? [`${place}: ${found.join(' ')}`] : [];
  });
const tracesIn = () => tracesOf(hub.hub.database.pool);
const chain = async () => {
  const { database } = hub.hub;
  return (await followChain(database, undefined, (await loadAnchors(database, vault)).anchors, vault)).broken;
};

/** A partner that refuses dossiers in the words of somebody whom they do not name. */
async function mentioning(items: readonly Outgoing[]): Promise<readonly Outcome[]> {
  const message = `bà ${PERSON.name} (${PERSON.address}) đã có hồ sơ`;
  return items.map(({ record: { code } }): Outcome => {
    if (code === ALONE[0]?.code) return { kind: 'unavailable', reason: 'down', message, words: quotedText(message) };
    return ALONE.some((one) => one.code === code)
      ? { kind: 'refused', reason: 'wrong', message }
      : { kind: 'delivered' };
  });
}

/** The person in records of everybody, in every spelling, and in whatever officers write. */
async function plant(): Promise<void> {
  portal.script.push(...Array(200).fill(mentioning));
  await hub.push(dossier({ code: OWN, applicant: person, ...RETURNED }));
  await hub.push(
    spelled.map((note, n) =>
      dossier({ code: MENTIONING[n] ?? '', applicant: other, ...RETURNED, abstract: note, note }),
    ),
  );
  await hub.push(
    spelled.map((content, n) => progress({ code: MENTIONING[n] ?? '', at: at(16), content, actor: 'Trần Thị B' })),
    { what: 'progress' },
  );
  const asker = { name: other.name, phone: other.phone };
  await hub.push(
    spelled.map((content, n) => question({ code: `H60-HD-${n}`, asker, content })),
    { what: 'questions' },
  );
  await hub.push(petition({ sender: contact }), { what: 'petitions' });
  await hub.push(rating({ dossierCode: OWN }), { what: 'ratings' });
  await hub.push(postalOrder({ dossierCode: OWN, receiver: { name: PERSON.name, phone: PERSON.phone } }), {
    what: 'postal-orders',
  });
  await hub.push(payment({ dossierCode: OWN, payer: { name: PERSON.name } }), { what: 'payments' });
  await hub.push(
    ALONE.map(({ code, value }) =>
      dossier({
        code,
        applicant: other,
        ...RETURNED,
        note: `Liên hệ ${value}`,
        processingUnit: 'UBND phường Minh Xuân',
      }),
    ),
  );
  // A payer has a name and nothing else.
  await hub.push(
    payment({ code: 'TT-0002', dossierCode: ALONE[0]?.code, payer: { name: PERSON.name.toUpperCase() } }),
    {
      what: 'payments',
    },
  );
  // A refused body with the person in the payload of a token.
  const token = Buffer.from(JSON.stringify(person)).toString('base64url');
  await hub.push({ jws: `eyJhbGciOiJFZERTQSJ9.${token}.c2ln` });
  await hub.deliver();
  const { database } = hub.hub;
  await database.pool.query(
    `INSERT INTO pulls (party, name, next_at, last_error) SELECT 'portal', n::text, now() + interval '1 year', why
       FROM unnest($1::text[]) WITH ORDINALITY AS t(why, n)`,
    [spelled],
  );
  const cause = { party: 'portal', kind: 'partner-away', cause: 'no answer' } as const;
  const incident = await openIncident(database, cause, NOW);
  for (const text of spelled) {
    const note = await operator.post(`incidents/${incident?.id}/notes`, { cause: text, action: `Đã gọi ${text}` });
    const { body: hold, status } = await operator.post('legal-holds', { code: MENTIONING[0], why: text });
    const lifted = await operator.post(`legal-holds/${hold.id}/lift`, { why: `Xong: ${text}` });
    expect([note.status, status, lifted.status]).toEqual([201, 201, 200]);
  }
  for (const [n, text] of spelled.entries()) {
    const filter = {
      list: 'messages',
      name: `Lọc ${n}`,
      query: `q=${encodeURIComponent(text).replace(/[!'()]/g, '')}`,
    };
    await operator.post('saved-filters', filter);
  }
  for (const [n, { value }] of ALONE.entries())
    await operator.post('saved-filters', {
      list: 'deliveries',
      name: `Một ${n}`,
      query: `q=${encodeURIComponent(value)}`,
    });
  await operator.post('saved-filters', {
    list: 'messages',
    name: `Hồ sơ ${PERSON.name}`.slice(0, 60),
    query: 'state=failed',
  });
  await operator.post('saved-filters', { list: 'messages', name: 'Bị từ chối', query: 'state=refused' });
  // What an earlier version, or another door, may have stored.
  await database.pool.query(
    `INSERT INTO code_entries (party, table_name, from_code, to_code, version, who, why, at, in_force_at)
       SELECT 'portal', 'portal-status', n::text, 'received', n, 'ops', why, now(), now() FROM unnest($1::text[]) WITH ORDINALITY AS t(why, n)`,
    [spelled],
  );
  await database.pool.query(
    `INSERT INTO replays (who, why, at, filter, per_second, next_at, state) SELECT 'ops', why, now(), '{}', 1, now(), 'done' FROM unnest($1::text[]) AS t(why)`,
    [spelled],
  );
  await database.pool.query(
    `INSERT INTO resolutions (cause_key, parties, action, who, why, at, until, finished_at)
       SELECT 'x', '{portal}', 'dismiss', 'ops', why, now(), now(), now() FROM unnest($1::text[]) AS t(why)`,
    [spelled],
  );
  await database.pool.query(
    `INSERT INTO mapping_changes (party, table_name, base_version, lines, state, who, why, at, decided_by, decided_why, decided_at)
       SELECT 'portal', 'portal-status', 0, '[]', 'refused', 'ops', why, now(), 'second', why, now() FROM unnest($1::text[]) AS t(why)`,
    [spelled],
  );
  await database.pool.query(
    `INSERT INTO corrections (change_id, days, who, why, at, after_id, before_id, ended_at)
       SELECT min(m.id), 7, 'ops', t.why, now(), gen_random_uuid(), gen_random_uuid(), now()
       FROM mapping_changes m, unnest($1::text[]) AS t(why) GROUP BY t.why`,
    [spelled],
  );
  await database.pool.query(
    `INSERT INTO asks (id, at, party, question, key_name, officer, agency_code, purpose, legal_basis)
       SELECT gen_random_uuid(), now(), 'register', 'business', 'one-stop', 'cb01', 'H60.01', why, why FROM unnest($1::text[]) AS t(why)`,
    [spelled],
  );
  await database.pool.query(
    `INSERT INTO erasures (at, cause, who, why, subjects) SELECT now(), 'order', 'ops', why, 0 FROM unnest($1::text[]) AS t(why)`,
    [spelled],
  );
}

describe('a person whose data is erased', () => {
  beforeAll(async () => {
    hub = await testHub({
      nowMs: NOW,
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
    });
    operator = operatorOf(hub);
    await plant();
    const { database } = hub.hub;
    await saveAnchor(database, vault, (await followChain(database)).upTo, NOW);
  });
  afterAll(async () => {
    await hub.close();
    settings.remove();
    rmSync(folder, { recursive: true });
  });

  test('is found in every spelling, and in the notes, reasons and saved filters of officers', async () => {
    const placesNow = async () => [...new Set((await tracesIn()).map((trace) => trace.split(':')[0]))];
    // The health of a party is stored up to a second late.
    await expect.poll(placesNow, { timeout: 10_000 }).toContain('party_health.error_detail');
    const places = await placesNow();
    for (const place of [
      'audit.why',
      'asks.purpose',
      'code_entries.why',
      'incident_notes.action',
      'legal_holds.lifted_why',
    ])
      expect(places).toContain(place);
    for (const place of [
      'mapping_changes.decided_why',
      'replays.why',
      'resolutions.why',
      'erasures.why',
      'saved_filters.name',
      'saved_filters.query',
      'attempts.detail',
      'deliveries.detail',
      'pulls.last_error',
    ])
      expect(places).toContain(place);
    const shown = await hub.hub.personErasure.preview(ASKED, ALL, BY);
    if (shown.kind !== 'found') throw new Error(shown.kind);
    const { subjects, savedFilters, notes } = shown.preview;
    expect(subjects.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([OWN, ...MENTIONING, ...ALONE.map(({ code }) => code)]),
    );
    expect(savedFilters).toBe(spelled.length + 1 + ALONE.length);
    // asks 2, code_entries, corrections, erasures, incident_notes 2, legal_holds 2, mapping_changes 2, replays, resolutions,
    // and 3 in the audit. The errors of pulls, and one of attempts, deliveries and the health of the partner.
    expect(notes).toBe(17 * spelled.length + 3);
  });

  test('leaves no trace in any table, log or answer', async () => {
    expect(await hub.hub.personErasure.erase(ASKED, ALL, BY, undefined)).toMatchObject({ kind: 'erased', kept: [] });
    expect(await tracesIn()).toEqual([]);
    expect(canariesIn(JSON.stringify(hub.logLines))).toEqual([]);
    for (const path of ['incidents?state=all', 'audit', 'legal-holds', 'saved-filters', 'erasures', 'code-tables'])
      expect([path, canariesIn(JSON.stringify((await operator.get(path)).body))]).toEqual([path, []]);
    expect((await operator.get('saved-filters')).body.items).toMatchObject([{ name: 'Bị từ chối' }]);
  });

  test('the audit stays whole: the hub signs each reason that it changed, and says so', async () => {
    expect(await chain()).toBeUndefined();
    expect((await followChain(hub.hub.database)).broken).toBeDefined();
    const { body } = await operator.get('audit?action=hold.set&limit=200');
    expect(body.items.map(({ erased }: { erased: boolean }) => erased)).toEqual(spelled.map(() => true));
    const { body: orders } = await operator.get('audit?action=order.erased');
    const [texts] = orders.items.filter(({ subject }: { subject: string }) => subject.startsWith('texts '));
    expect(texts).toMatchObject({ actor: 'test', why: BY.why, erased: false });
    expect(texts.subject).toContain('audit.why');
    expect(texts.subject).toContain('saved_filters.query');
    await hub.hub.database.pool.query(`UPDATE audit SET actor = 'x' WHERE id = $1`, [body.items[0].id]);
    expect(await chain()).toMatchObject({ code: 'audit-entry-changed' });
    await hub.hub.database.pool.query(`UPDATE audit SET actor = $2 WHERE id = $1`, [
      body.items[0].id,
      body.items[0].actor,
    ]);
    // A new secret signs them again, so the old one can go.
    const secret = 'a-later-secret-of-the-tests-that-is-long-enough';
    const { database } = hub.hub;
    expect(await resignAnchors(database, createVault([secret, HUB_SECRET]))).toBeGreaterThan(spelled.length);
    expect((await followChain(database, undefined, [], createVault([secret]))).broken).toBeUndefined();
  });

  test('is in no export made afterwards, of dossiers, steps or any kind', async () => {
    const env = { DATABASE_URL: hub.databaseUrl, HUB_SECRET, HUB_CONFIG: settings.configPath };
    const operations = ['dossiers', 'progress', 'questions', 'petitions', 'ratings', 'postal-orders', 'payments'];
    for (const operation of operations)
      for (const format of operation === 'dossiers' ? ['ndjson', 'csv'] : ['ndjson']) {
        const name = `${operation}.${format}`;
        const of = operation === 'dossiers' ? [] : ['--operation', operation];
        const { code, errors } = await lienthongHere(
          ['export', name, ...of, '--personal', '--why', 'kiểm tra'],
          env,
          settings.path,
        );
        const text = readFileSync(join(settings.path, name), 'utf8');
        expect([name, code, errors, text.length > 0, canariesIn(text)]).toEqual([name, 0, expect.anything(), true, []]);
      }
  });

  test('is in no archive made afterwards, opened and taken back into an empty hub', async () => {
    const { secret, recipient } = await makeRecoveryKey();
    const archived = join(folder, MONTH);
    const client = await hub.hub.database.pool.connect();
    await writeArchive(client, {
      ...{ month: MONTH, folder: archived, recipient, hub: 'test', takenAt: '2025-09-01T00:00:00Z' },
      sign: (content) => vault.signDocument('archive', content),
      tell: () => undefined,
    });
    client.release();
    for (const name of readdirSync(archived).filter((one) => one.endsWith('.age'))) {
      const chunks: Buffer[] = [];
      for await (const chunk of unseal(createReadStream(join(archived, name)), secret)) chunks.push(chunk);
      expect([name, canariesIn(Buffer.concat(chunks).toString('latin1'))]).toEqual([name, []]);
    }
    const keys = [...(await vault.publicKeys())];
    const manifest = await checkArchive(archived, secret, async (signed): Promise<ArchiveManifest> => {
      return (await verifyDocument(signed, keys)).content;
    });
    const empty = await testHub({ nowMs: NOW });
    await takeBack(empty.hub.database, manifest, {
      ...{ folder: archived, secret, tell: () => undefined },
      eraseStaged: (one) => eraseStaged({ vault }, one),
      writeAudit: () => Promise.resolve(),
    });
    expect((await empty.hub.database.pool.query('SELECT 1 FROM events')).rowCount).toBeGreaterThan(MENTIONING.length);
    expect(await tracesOf(empty.hub.database.pool)).toEqual([]);
    await empty.close();
  });

  test('is in no copy made afterwards', async () => {
    const place = join(folder, 'copy');
    mkdirSync(place);
    const copy = await openCopy({
      ...{
        from: 'http://hub.example.test',
        key: SECRETS.portal,
        folder: place,
        nowMs: () => NOW,
        log: pino({ level: 'silent' }),
      },
      fetch: async (url, init) => {
        const { pathname, search } = new URL(url);
        return hub.hub.app.request(`${pathname}${search}`, init);
      },
    });
    while (await copy.round(0));
    await copy.close();
    const text = readdirSync(place)
      .map((name) => readFileSync(join(place, name), 'utf8'))
      .join('\n');
    expect([text.includes(OWN), canariesIn(text)]).toEqual([true, []]);
  });

  test('is in no backup made afterwards', async () => {
    const target = await testDatabase();
    const database = openDatabase(target.url, { size: 2 });
    const client = await hub.hub.database.pool.connect();
    const about = { hub: 'test', settings: { config: null, environment: {} } };
    await restoreBackup(framesOf(backupFrames(client, about, () => undefined)), {
      accept: () => undefined,
      migrateTo: (names) => migrateTo(database, names),
      connect: () => database.pool.connect(),
      tell: () => undefined,
    });
    client.release();
    expect((await database.pool.query('SELECT 1 FROM dossiers')).rowCount).toBe(1 + MENTIONING.length + ALONE.length);
    expect(await tracesOf(database.pool)).toEqual([]);
    await database.close();
    await target.drop();
  });
});
