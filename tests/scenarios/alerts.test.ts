import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/pool.ts';
import { certificatesIn } from '../../src/kit/http/tls.ts';
import { webhookHeaders } from '../../src/kit/webhooks.ts';
import { createAudit } from '../../src/ledger/audit.ts';
import { loadAnchors } from '../../src/ledger/audit-chain.ts';
import { closeIncidents, listIncidents, openIncident, openIncidents } from '../../src/ledger/incidents.ts';
import { type Alerts, createAlerts } from '../../src/observe/alerts.ts';
import { createAuditWatch } from '../../src/observe/audit-watch.ts';
import { watchCertificates } from '../../src/observe/certificates.ts';
import { createTelemetry } from '../../src/observe/telemetry.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { testCertificate } from '../support/certificate.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { MORNING } from '../support/template.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('alerts', () => {
  let hub: TestHub;
  let server: Server;
  let got: { headers: IncomingHttpHeaders; body: string }[];
  /** The next answers; 200 when there are no more. */
  let statuses: number[];
  let logged: string[];
  let processes: { alerts: Alerts; database: Database }[];

  beforeEach(async () => {
    hub = await testHub();
    got = [];
    statuses = [];
    server = createServer(async (incoming, outgoing) => {
      let body = '';
      for await (const chunk of incoming) body += chunk;
      got.push({ headers: incoming.headers, body });
      // Long enough for the other process to check too.
      setTimeout(() => outgoing.writeHead(statuses.shift() ?? 200).end(), 50);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const webhook = { webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`, secret: SECRET };
    logged = [];
    const telemetry = createTelemetry(pino({}, { write: (line: string) => void logged.push(line) }));
    processes = [1, 2].map(() => {
      const database = openDatabase(hub.databaseUrl, { size: 2 });
      return { database, alerts: createAlerts({ database, telemetry, nowMs: () => MORNING, webhook }) };
    });
  });
  afterEach(async () => {
    for (const { database } of processes) await database.close();
    await new Promise((resolve) => server.close(resolve));
    await hub.close();
  });

  const tell = () => Promise.all(processes.map(({ alerts }) => alerts.send()));

  test('an incident is sent once, signed, however many processes see it', async () => {
    await openIncident(
      hub.hub.database,
      { party: 'portal', kind: 'partner-away', cause: 'no connection' },
      hub.clock.nowMs,
    );
    await Promise.all([tell(), tell()]);
    await tell();
    expect(got).toHaveLength(1);
    const [{ headers, body }] = got as [(typeof got)[number]];
    expect(JSON.parse(body)).toMatchObject({
      type: 'incident.partner-away',
      data: { party: 'portal', kind: 'partner-away', cause: 'no connection' },
    });
    expect(headers).toMatchObject(webhookHeaders(headers['webhook-id'] as string, body, [SECRET], MORNING));
  });

  test('any process sends a failed alert later, under the same id', async () => {
    statuses.push(500, 500, 500, 500, 500);
    await processes[0]?.alerts.open('portal', 'credentials', 'the login is refused');
    // Who opens it does not wait for the receiver.
    expect(got).toEqual([]);
    await processes[0]?.alerts.send();
    const failed = got.length;
    expect(failed).toBeGreaterThan(0);
    statuses.length = 0;
    await processes[1]?.alerts.send();
    await tell();
    expect(got).toHaveLength(failed + 1);
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('a receiver that fails is called for one alert, and again after a pause; then it gets all', async () => {
    const [one] = processes as [(typeof processes)[number], unknown];
    for (const kind of ['partner-away', 'credentials', 'pull-failed'] as const)
      await one.alerts.open('portal', kind, 'x');
    statuses.push(500);
    for (let time = 0; time < 3; time++) await one.alerts.send();
    expect(got).toHaveLength(1);
    await expect
      .poll(async () => {
        await one.alerts.send();
        return got.length;
      })
      .toBe(4);
  });

  test('a refused alert keeps no later one back, is named in the log, and is sent again', async () => {
    const [one] = processes as [(typeof processes)[number], unknown];
    for (const kind of ['partner-away', 'credentials'] as const) await one.alerts.open('portal', kind, 'x');
    statuses.push(422);
    await one.alerts.send();
    const types = () => got.map(({ body }) => JSON.parse(body).type);
    expect(types()).toEqual(['incident.partner-away', 'incident.credentials']);
    expect(logged.join('')).toMatch(
      /"where":"alerts","error":"incident \d+ was not reported: the receiver answered 422"/,
    );
    await expect
      .poll(async () => {
        await one.alerts.send();
        return types().slice(2);
      })
      .toEqual(['incident.partner-away']);
  });

  test('a page full of refused alerts keeps no later one back', async () => {
    const [one] = processes as [(typeof processes)[number], unknown];
    for (let party = 0; party <= 50; party++) await one.alerts.open(`portal-${party}`, 'partner-away', 'x');
    statuses.push(...Array(50).fill(422));
    await one.alerts.send();
    expect(JSON.parse(got.at(-1)?.body ?? '')).toMatchObject({ data: { party: 'portal-50' } });
  });

  test('every process shows an open incident in its metrics, and its end, whichever process saw them', async () => {
    const { database } = hub.hub;
    const shown = async () => {
      const text = await (await hub.request('GET', '/metrics')).text();
      return /^hub_incidents_open\{party="hub",kind="audit-broken"\} (\d)$/m.exec(text)?.[1];
    };
    await openIncident(database, { party: 'hub', kind: 'audit-broken', cause: 'entry 5 was changed' }, MORNING);
    expect(await shown()).toBe('1');
    await closeIncidents(database, 'hub', ['audit-broken'], MORNING);
    expect(await shown()).toBe('0');
  });

  test('a certificate is reported 30, 15 and 7 days before its end, and at its end', async () => {
    const { database } = hub.hub;
    const valid = certificatesIn(testCertificate('tỉnh', { from: '25', to: '26' }).certificate);
    const held = { current: valid };
    const parties = new Map([['portal', { id: 'portal', certificates: () => held.current }]]);
    const alerts = processes[0]?.alerts as Alerts;
    const at = (date: string) =>
      watchCertificates({ database, alerts, nowMs: () => Date.parse(`${date}T08:00:00Z`) }, parties);
    for (const day of [
      '2025-11-01',
      '2025-12-05',
      '2025-12-06',
      '2025-12-20',
      '2025-12-27',
      '2026-01-02',
      '2026-01-02',
    ])
      await at(day);
    const causes = (await listIncidents(database, { isOpen: false }, 9, undefined)).map(({ cause }) => cause);
    const ends = 'the certificate of CN=tỉnh ends on 2026-01-01, within';
    expect(causes.reverse()).toEqual([
      `${ends} 30 days`,
      `${ends} 15 days`,
      `${ends} 7 days`,
      'the certificate of CN=tỉnh ended on 2026-01-01',
    ]);
    expect(await openIncidents(database)).toHaveLength(1);
    // A new one is reported beside the expired one.
    held.current = [...valid, ...certificatesIn(testCertificate('ta', { from: '25', to: '27' }).certificate)];
    await at('2026-12-10');
    expect((await openIncidents(database)).map(({ cause }) => cause)).toEqual([
      'the certificate of CN=tỉnh ended on 2026-01-01; the certificate of CN=ta ends on 2027-01-01, within 30 days',
    ]);
    held.current = [];
    await at('2026-01-02');
    expect(await openIncidents(database)).toEqual([]);
  });

  test('the audit is verified and signed; tampering is reported once and stops signing until repaired', async () => {
    const { database, pool } = { database: hub.hub.database, pool: hub.hub.database.pool };
    const lines: string[] = [];
    const telemetry = createTelemetry(pino({}, { write: (line) => void lines.push(line) }));
    const vault = createVault(['a secret of the audit for tests, long enough']);
    const watch = createAuditWatch({
      database,
      vault,
      telemetry,
      nowMs: () => MORNING,
      alerts: processes[0]?.alerts as Alerts,
    });
    const audit = createAudit(database, () => MORNING);
    const signed = async () => (await loadAnchors(database, vault)).anchors.map(({ position }) => position);
    const open = async () =>
      (await openIncidents(database)).map(({ party, kind, cause }) => `${party} ${kind}: ${cause}`);
    for (const subject of ['a', 'b', 'c']) await audit.write({ actor: 'ops', action: 'party.pause', subject });
    await watch();
    await audit.write({ actor: 'ops', action: 'party.resume', subject: 'a' });
    await watch();
    expect(await signed()).toEqual([4]);
    // Once a day, so that it is stored outside of the database too.
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'audit signed', entries: 3 }]);

    await audit.write({ actor: 'ops', action: 'party.pause', subject: 'd' });
    await pool.query(`UPDATE audit SET subject = 'z' WHERE position = 5`);
    await watch();
    await watch();
    const broken = 'hub audit-broken: entry 5 (id 5) was changed or moved';
    expect([await open(), await signed()]).toEqual([[broken], [4]]);
    expect(await listIncidents(database, { isOpen: false }, 9, undefined)).toHaveLength(1);

    await pool.query(`UPDATE audit SET subject = 'd' WHERE position = 5`);
    await watch();
    expect([await open(), await signed()]).toEqual([[], [5]]);

    // Restored as a whole, with its signatures: the running process remembers the newer state.
    await pool.query('DELETE FROM audit_anchors; DELETE FROM audit WHERE position > 3');
    await pool.query('UPDATE audit_head SET (position, link) = (SELECT position, link FROM audit WHERE position = 3)');
    await watch();
    expect(await open()).toEqual(['hub audit-broken: entry 5 is signed, but is missing or changed']);
  });

  test('a process killed while it sends leaves the alert to the others', async () => {
    const killed = await hub.hub.database.pool.connect();
    await killed.query('SELECT pg_advisory_lock(7160005)');
    await processes[0]?.alerts.open('portal', 'partner-away', 'no connection');
    await processes[0]?.alerts.send();
    expect(got).toHaveLength(0);
    killed.release(true);
    await expect
      .poll(async () => {
        await tell();
        return got.length;
      })
      .toBe(1);
  });
});
