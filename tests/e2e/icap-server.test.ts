import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClamd } from '../../src/files/clamd.ts';
import { createIcap } from '../../src/files/icap.ts';
import type { Scanner, Verdict } from '../../src/files/scanner.ts';
import { EICAR } from '../support/clamd.ts';

/** Debian's packages: clamav-daemon, c-icap, libc-icap-mod-virus-scan. */
const [CLAMD, C_ICAP, MODULES] = ['/usr/sbin/clamd', '/usr/bin/c-icap', '/usr/lib/x86_64-linux-gnu/c_icap'];
const missing = [CLAMD, C_ICAP, `${MODULES}/virus_scan.so`].filter((path) => !existsSync(path));
const why = missing.length > 0 ? ` (skipped: no ${missing.join(', no ')})` : '';
const SIGNATURE = 'Lienthong.Test';
const MIB = Buffer.alloc(1024 * 1024, 0x20);

describe.skipIf(why)(`a real clamd, and c-icap before it${why}`, () => {
  let folder: string;
  const children: ChildProcess[] = [];
  let port: number;
  let scanners: Readonly<Record<string, Scanner>>;

  const isThere = (scanner: Scanner) => vi.waitUntil(() => scanner.isThere(), { timeout: 60_000, interval: 100 });
  const start = (command: string, args: readonly string[]): void => {
    children.push(spawn(command, args, { stdio: 'ignore' }));
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lienthong-icap-'));
    const signatures = join(folder, 'signatures');
    mkdirSync(signatures);
    writeFileSync(join(signatures, 'test.ndb'), `${SIGNATURE}:0:*:${Buffer.from(EICAR).toString('hex')}\n`);
    const socket = join(folder, 'clamd.sock');
    const asRoot = process.getuid?.() === 0;
    const clamd = join(folder, 'clamd.conf');
    const own = [`LocalSocket ${socket}`, `DatabaseDirectory ${signatures}`, 'Foreground yes'];
    writeFileSync(clamd, [...own, ...(asRoot ? ['User root'] : []), ''].join('\n'));
    start(CLAMD, [`--config-file=${clamd}`]);
    const direct = createClamd(`clamd:${socket}`);
    await isThere(direct);

    port = await freePort();
    const icap = join(folder, 'c-icap.conf');
    writeFileSync(icap, icapSettings(folder, socket, port, asRoot));
    // It reads the address of clamd once, at its start.
    start(C_ICAP, ['-N', '-f', icap]);
    const through = createIcap(`icap://127.0.0.1:${port}/avscan`);
    await isThere(through);
    scanners = { clamd: direct, icap: through };
  });
  afterAll(async () => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const scan = async (name: string, ...chunks: readonly Buffer[]): Promise<Verdict | undefined> => {
    const begun = (scanners[name] as Scanner).begin();
    for (const chunk of chunks) await begun.add(chunk);
    return begun.end();
  };

  test.each(['clamd', 'icap'])('%s finds a file clean', async (name) => {
    expect(await scan(name, Buffer.from('%PDF-1.7 Nguyễn Văn An '.repeat(50)))).toEqual({ kind: 'clean' });
    expect(await scan(name, ...Array(6).fill(MIB))).toEqual({ kind: 'clean' });
  });

  test.each(['clamd', 'icap'])('%s names the virus, also split over chunks and behind 6 MiB', async (name) => {
    const found = { kind: 'infected', found: expect.stringContaining(SIGNATURE) };
    expect(await scan(name, Buffer.from(EICAR))).toEqual(found);
    expect(await scan(name, Buffer.from(EICAR.slice(0, 20)), Buffer.from(EICAR.slice(20)))).toEqual(found);
    expect(await scan(name, ...Array(6).fill(MIB), Buffer.from(EICAR))).toEqual(found);
  });

  test('an unknown service of c-icap is no scanner, and no file is clean there', async () => {
    const wrong = createIcap(`icap://127.0.0.1:${port}/no-such-service`);
    expect(await wrong.isThere()).toBe(false);
    const begun = wrong.begin();
    await begun.add(Buffer.from('%PDF-1.7'));
    expect(await begun.end()).toBeUndefined();
  });
});

/** As docs/integrate/files.md tells: 204 for clean files, no limit below that of the hub, all types. */
function icapSettings(folder: string, socket: string, port: number, asRoot: boolean): string {
  return [
    `PidFile ${folder}/c-icap.pid`,
    `CommandsSocket ${folder}/c-icap.ctl`,
    `Port 127.0.0.1:${port}`,
    ...(asRoot ? ['User root', 'Group root'] : []),
    ...['StartServers 1', 'MaxServers 1', 'ThreadsPerChild 4', 'MinSpareThreads 1', 'MaxSpareThreads 4'],
    `TmpDir ${folder}`,
    `ModulesDir ${MODULES}`,
    `ServicesDir ${MODULES}`,
    'TemplateDir /usr/share/c_icap/templates/',
    'LoadMagicFile /etc/c-icap/c-icap.magic',
    `ServerLog ${folder}/server.log`,
    `AccessLog ${folder}/access.log`,
    'Module common clamd_mod.so',
    `clamd_mod.ClamdSocket ${socket}`,
    'Service antivirus_module virus_scan.so',
    'ServiceAlias avscan virus_scan?allow204=on&sizelimit=off&mode=simple',
    'virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG JPEG2000 BMP PNG TIFF SWF MSOFFICE PDF BINARY',
    'virus_scan.SendPercentData 0',
    'virus_scan.DefaultEngine clamd',
    '',
  ].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
