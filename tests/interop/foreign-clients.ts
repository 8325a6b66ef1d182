import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCertificate, testCertificate } from '../support/certificate.ts';
import { migratedDatabase, type TestDatabase } from '../support/database.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';

/** A third-party client: its needs, its build from the WSDL, and its run. */
export interface Foreign {
  readonly name: string;
  readonly versions: readonly ('1.1' | '1.2')[];
  /** A command that succeeds where the client is installed, and the Debian packages that install it. */
  readonly needs: readonly [command: string, ...given: string[]];
  readonly packages: string;
  readonly build?: readonly (readonly [command: string, ...given: string[]])[];
  readonly run: readonly [command: string, ...given: string[]];
}

const ROOT = join(import.meta.dirname, '..', '..');
export const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
export const SECRET = 'interop-secret-of-the-one-stop';

export function clientFile(name: string): string {
  return join(import.meta.dirname, 'clients', name);
}

/** A hub as a process, for the tests of a file. Its WSDL is available when they run. */
export function interopHub(): { readonly wsdl: string; readonly signer: TestCertificate } {
  const signer = testCertificate('signer');
  const folder = testFolder({
    keys: [
      { id: 'one-stop', secret: SECRET, scopes: ['dossier:write'], party: 'one-stop' },
      {
        id: 'signer',
        secret: 'interop-secret-of-the-signer',
        scopes: ['dossier:write'],
        party: 'one-stop',
        certificate: signer.certificate,
      },
    ],
    parties: { 'one-stop': { adapter: 'one-stop' } },
  });
  let database: TestDatabase;
  let hub: HubProcess;
  beforeAll(async () => {
    database = await migratedDatabase();
    hub = await startHubProcess({
      DATABASE_URL: database.url,
      HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
      HUB_CONFIG: folder.configPath,
    });
  });
  afterAll(async () => {
    hub?.child.kill('SIGKILL');
    await hub?.ended;
    await database.drop();
    folder.remove();
  });
  return {
    signer,
    get wsdl() {
      return `${hub.url}/soap/v1/one-stop?wsdl`;
    },
  };
}

/** Each client does the same: it pushes several dossiers and one, reads back, asks for a missing one, and reports in JSON. */
export function describeForeign(clients: readonly Foreign[], hub: { readonly wsdl: string }): void {
  describe.each(clients)('$name', (client) => {
    const place = mkdtempSync(join(tmpdir(), 'lienthong-interop-'));
    afterAll(() => rmSync(place, { recursive: true }));
    const execute = ([command, ...given]: readonly string[]): string =>
      execFileSync(
        command as string,
        given.map((one) => (one === 'WSDL' ? hub.wsdl : one)),
        { cwd: place, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      );
    const [command, ...given] = client.needs;
    const isThere = spawnSync(command, given).status === 0;
    const why = isThere ? '' : ` (skipped: not installed; apt-get install ${client.packages})`;

    test.skipIf(!isThere)(`pushes, reads back and understands a fault${why}`, { timeout: 120_000 }, () => {
      for (const step of client.build ?? []) execute(step);
      for (const version of client.versions) {
        // Separate codes for each client and version.
        const prefix = `H60.${clients.indexOf(client) + 1}${version.at(-1)}-250812`;
        const report = execute([...client.run, hub.wsdl, 'one-stop', SECRET, prefix, version]);
        expect(JSON.parse(report), version).toEqual(expectedReport(prefix, version));
      }
    });
  });
}

function expectedReport(prefix: string, version: '1.1' | '1.2'): object {
  const reason = `the party "one-stop" has no dossier "${prefix}-9999"`;
  return {
    version: VERSION,
    outcomes: ['accepted', 'accepted', 'accepted'],
    single: 'accepted',
    read: {
      name: 'Nguyễn Thị Ánh Tuyết & "Đức"',
      identityNumber: '001000000001',
      note: '12345678901234567.89',
      documents: [
        ['007', true],
        ['008', false],
      ],
      amounts: [20_000],
      databases: ['dân cư', 'đất đai'],
      at: Date.parse('2025-08-12T08:15:00+07:00') / 1000,
    },
    bare: [true, 0, 0, 0],
    fault: { code: expect.stringMatching(version === '1.1' ? /Client$/ : /Sender$/), reason, problem: reason },
  };
}
