import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig, ROLES } from '../src/config/config.ts';

const { unitsOfRoles } = await import(new URL('../scripts/package/units.mjs', import.meta.url).href);
const ROOT = join(import.meta.dirname, '..');
const UNIT = readFileSync(join(ROOT, 'scripts/package/lienthong.service'), 'utf8');
const units: Readonly<Record<string, string>> = unitsOfRoles('lienthong', UNIT);

/** The environment that systemd gives the unit of a role, without hub.env. */
function environmentOf(role: string): Record<string, string> {
  const text = `${units['lienthong@.service']}\n${units[`lienthong@${role}.service.d/probes.conf`] ?? ''}`;
  const set = [...text.replaceAll('%i', role).matchAll(/^Environment=(\w+)=(.*)$/gm)];
  return Object.fromEntries(set.map(([, name = '', value = '']) => [name, value]));
}

test('each role has a unit of its own, which conflicts with the unit of all roles', () => {
  expect(units['lienthong@.service']).toMatch(/^Conflicts=lienthong\.service$/m);
  for (const role of ROLES) expect(environmentOf(role).HUB_ROLES).toBe(role);
});

test('a relative path in the settings is the same file for the hub and for its backup', () => {
  const backup = readFileSync(join(ROOT, 'scripts/package/lienthong-backup.service'), 'utf8');
  const folderOf = (unit: string | undefined) => /^WorkingDirectory=.*$/m.exec(unit ?? '')?.[0];
  expect(folderOf(UNIT)).toBe('WorkingDirectory=/var/lib/lienthong');
  expect([units['lienthong@.service'], backup].map(folderOf)).toEqual([folderOf(UNIT), folderOf(UNIT)]);
});

test('a stop reaches the hub alone, which ends its PostgreSQL last, and a start may migrate for as long as it takes', () => {
  for (const unit of [UNIT, units['lienthong@.service']]) {
    expect(unit).toMatch(/^KillMode=mixed$/m);
    expect(unit).toMatch(/^TimeoutStartSec=infinity$/m);
  }
});

test('a hub that ends because of its settings is not started again, and one that ends otherwise is', () => {
  for (const unit of [UNIT, units['lienthong@.service']]) {
    expect(unit).toMatch(/^Restart=always$/m);
    // The exit code of wrong settings, see main.ts.
    expect(unit).toMatch(/^RestartPreventExitStatus=2$/m);
  }
});

test('the removal of the package stops every unit that somebody may have enabled', () => {
  const parts = join(ROOT, 'scripts/package');
  const files = readdirSync(parts).filter((name) => /\.(?:service|timer)$/.test(name));
  const enabled = files.filter((name) => /^\[Install\]$/m.test(readFileSync(join(parts, name), 'utf8')));
  const [, stopped = ''] = /^ *for unit in (.*); do$/m.exec(readFileSync(join(parts, 'prerm'), 'utf8')) ?? [];
  expect(stopped.split(' ').sort()).toEqual([...enabled, ...ROLES.map((role) => `lienthong@${role}.service`)].sort());
});

test('secrets and backups beside the sources reach neither a commit nor the build of an image', () => {
  const linesOf = (name: string): readonly string[] =>
    readFileSync(join(ROOT, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  const byGit = linesOf('.gitignore');
  expect(byGit).toEqual(
    expect.arrayContaining(['.env', 'hub.env', '*.age', '*.part', 'lienthong-support-*.json', '*.key', '*.pem']),
  );
  // A name in .gitignore holds in every folder. In .dockerignore only one with **/ does.
  expect(linesOf('.dockerignore')).toEqual(['.git', ...byGit.map((line) => `**/${line.replace(/\/$/, '')}`)]);
});

test('the package brings no PostgreSQL or Redis to a machine, and the pages name both for one that needs them', () => {
  const made = readFileSync(join(ROOT, 'scripts/package.mjs'), 'utf8');
  const [, needed = ''] = /'Depends: (.*)'/.exec(made) ?? [];
  expect(needed).not.toMatch(/postgresql|redis/);
  expect(made).not.toContain("'Recommends:");
  const [, suggested = ''] = /'Suggests: (.*)'/.exec(made) ?? [];
  for (const page of ['docs/operate/install.md', 'docs/vi/van-hanh/cai-dat.md'])
    expect(readFileSync(join(ROOT, page), 'utf8')).toContain(`\`apt install ${suggested.replaceAll(',', '')}\``);
});

describe.skipIf(process.platform !== 'linux')('the scripts of the package', () => {
  const root = mkdtempSync(join(tmpdir(), 'lienthong-package-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const [etc, data, wants] = ['etc/lienthong', 'var/lib/lienthong', 'etc/systemd/system/multi-user.target.wants'].map(
    (path) => join(root, path),
  ) as [string, string, string];
  const calls = join(root, 'calls');
  const link = join(wants, 'lienthong.service');
  /** While it exists, no unit starts again. */
  const noStart = join(root, 'no-start');

  /** Runs a script below this folder, with a `systemctl` that only enables, disables and notes. @returns what it printed */
  function runScript(name: string, ...args: readonly string[]): string {
    const text = readFileSync(join(ROOT, 'scripts/package', name), 'utf8');
    const script = join(root, name);
    writeFileSync(script, text.replace(/(?<!\w)\/(?=(?:etc|var|run)\/)/g, `${root}/`));
    const bin = join(root, 'bin');
    mkdirSync(bin, { recursive: true });
    const SYSTEMCTL = `case "$*" in
      enable*lienthong.service) ln -sf /none '${link}' ;;
      disable*lienthong.service) rm -f '${link}' ;;
      try-restart*) [ ! -e '${noStart}' ] ;;
    esac
    ended=$?
    echo "$@" >> '${calls}'
    exit $ended`;
    for (const [command, does] of Object.entries({ systemctl: SYSTEMCTL, getent: '', install: '' })) {
      writeFileSync(join(bin, command), `#!/bin/sh\n${does}\n`);
      chmodSync(join(bin, command), 0o755);
    }
    for (const folder of [etc, data, wants, join(root, 'run/systemd/system')]) mkdirSync(folder, { recursive: true });
    return execFileSync('sh', [script, ...args], { env: { PATH: `${bin}:${process.env.PATH}` }, encoding: 'utf8' });
  }
  const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

  test('leave an enabled unit enabled when the package is removed and installed again', () => {
    runScript('postinst', 'configure');
    expect(isLink(link)).toBe(true);
    runScript('prerm', 'remove');
    runScript('postrm', 'remove');
    expect(readFileSync(calls, 'utf8')).toMatch(/ --quiet lienthong\.service$/m);
    runScript('postinst', 'configure', '0.1.0');
    expect(isLink(link)).toBe(true);
  });

  test('configure the package although the hub does not start, and name its log', () => {
    writeFileSync(noStart, '');
    const printed = runScript('postinst', 'configure', '0.1.0');
    rmSync(noStart);
    expect(readFileSync(calls, 'utf8')).toContain('try-restart lienthong.service lienthong@*.service');
    expect(printed).toMatch(/migrates its tables.*\n.*the hub did not start\. journalctl -u/);
    expect(runScript('postinst', 'configure', '0.1.0')).not.toContain('did not start');
  });

  test('leave no link to a unit after a purge', () => {
    const links = [link, join(wants, 'lienthong@api.service'), join(wants, 'lienthong-backup.timer')];
    for (const one of links) if (!isLink(one)) symlinkSync('/none', one);
    runScript('postrm', 'purge');
    expect(links.filter(isLink)).toEqual([]);
  });

  test('keep the secret of every purge beside the data', () => {
    for (const secret of ['first', 'second', 'third']) {
      mkdirSync(etc, { recursive: true });
      writeFileSync(join(etc, 'hub.env'), secret);
      runScript('postrm', 'purge');
    }
    expect(existsSync(etc)).toBe(false);
    const kept = readdirSync(data).map((name) => readFileSync(join(data, name), 'utf8'));
    expect(kept.toSorted()).toEqual(['first', 'second', 'third']);
  });
});

test('the processes of one machine have different, known ports for probes and metrics, which the pages name', () => {
  const ports = ROLES.map((role) => {
    const { HUB_CONFIG: _, ...env } = environmentOf(role);
    const config = loadConfig({ ...env, HUB_SECRET: 'h7Qz0-xPq2-a-secret-of-the-tests-of-units' }, undefined, false);
    return config.roles.includes('api') ? config.port : config.probesPort;
  });
  expect(new Set(ports).size).toBe(ROLES.length);
  expect(ports).not.toContain(0);
  for (const page of ['docs/operate/install.md', 'docs/operate/monitor.md', 'docs/vi/van-hanh/cai-dat.md'])
    for (const port of ports) expect(readFileSync(join(ROOT, page), 'utf8')).toContain(String(port));
});
