// Makes what an IT office installs, in out/: a Debian package, a tarball, the list of components, known advisories on them and
// checksums. Run: npm run package [-- --revision N] [--advisories FILE]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { audit } from './package/audit.mjs';
import { licencesOf } from './package/licences.mjs';
import { unitsOfRoles } from './package/units.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const PARTS = path.join(import.meta.dirname, 'package');
const OUT = path.join(ROOT, 'out');
const { revision, advisories } = parseArgs({
  options: { revision: { type: 'string' }, advisories: { type: 'string' } },
}).values;
const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8');
const { name, version, description } = JSON.parse(read('package.json'));

/** Compiled code and what it reads. */
const SHIPPED = ['bin', 'dist', 'docs', 'scripts/build.mjs', 'package.json', 'LICENSE', 'README.md', 'README.vi.md'];
/** Only a build from sources needs these. */
const BUILD_ONLY = ['rolldown', '@rolldown', '@oxc-project', '.bin/rolldown'];
const ARCHITECTURE = { x64: 'amd64', arm64: 'arm64' }[process.arch];
if (process.platform !== 'linux' || ARCHITECTURE === undefined)
  throw new Error(`packages are made on Linux, x64 or arm64; this is ${process.platform} ${process.arch}`);

const run = (command, args, options = {}) =>
  execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28, ...options });
/** The same sources give the same bytes: every file carries the time of the last commit. */
const builtAt = run('git', ['-C', ROOT, 'log', '-1', '--format=%ct']).toString().trim();
const env = { ...process.env, SOURCE_DATE_EPOCH: builtAt };

/** The application, as it runs from any folder. */
function stageApplication(folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const part of SHIPPED)
    fs.cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true, dereference: true });
  fs.copyFileSync(path.join(ROOT, 'package-lock.json'), path.join(folder, 'package-lock.json'));
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  // The embedded PostgreSQL links its libraries after it is unpacked.
  run('npm', ['rebuild', '--no-audit', '--no-fund'], { cwd: folder });
  for (const part of BUILD_ONLY) fs.rmSync(path.join(folder, 'node_modules', part), { recursive: true, force: true });
  fs.writeFileSync(path.join(folder, 'package.json'), productionPackage());
  run('find', [path.join(folder, 'node_modules'), '-name', '*.map', '-type', 'f', '-delete']);
  fs.rmSync(path.join(folder, 'package-lock.json'));
  const components = run('npm', ['sbom', '--sbom-format=cyclonedx'], { cwd: folder });
  fs.writeFileSync(path.join(folder, 'LICENSES.txt'), licencesOf(path.join(folder, 'node_modules')));
  return components;
}

/** Without what is only there to build and test, so that the list of components is what is installed. */
function productionPackage() {
  const { devDependencies, scripts, allowScripts, ...kept } = JSON.parse(read('package.json'));
  const dependencies = Object.entries(kept.dependencies).filter(([one]) => !BUILD_ONLY.includes(one));
  return `${JSON.stringify({ ...kept, dependencies: Object.fromEntries(dependencies) }, null, 2)}\n`;
}

function makeTarball(folder, file) {
  const own = ['--sort=name', `--mtime=@${builtAt}`, '--owner=0', '--group=0', '--numeric-owner'];
  run('tar', [...own, '-czf', file, '-C', path.dirname(folder), path.basename(folder)]);
}

/** The tree of the Debian package: the application below /usr/lib, its units, its command, its maintainer scripts. */
function makeDebianPackage(application, file) {
  const tree = path.join(OUT, 'debian');
  const library = path.join(tree, 'usr/lib', name);
  fs.mkdirSync(path.dirname(library), { recursive: true });
  fs.renameSync(application, library);
  const install = (from, to, mode) => {
    const target = path.join(tree, to);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.copyFileSync(path.join(PARTS, from), target);
    fs.chmodSync(target, mode);
  };
  install('lienthong.sh', `usr/bin/${name}`, 0o755);
  const units = 'usr/lib/systemd/system';
  for (const unit of fs.readdirSync(PARTS).filter((file) => /\.(?:service|timer)$/.test(file)))
    install(unit, `${units}/${unit}`, 0o644);
  for (const [file, text] of Object.entries(unitsOfRoles(name, read(`scripts/package/${name}.service`)))) {
    fs.mkdirSync(path.dirname(path.join(tree, units, file)), { recursive: true });
    fs.writeFileSync(path.join(tree, units, file), text);
  }
  for (const script of ['postinst', 'prerm', 'postrm']) install(script, `DEBIAN/${script}`, 0o755);
  const documents = path.join(tree, 'usr/share/doc', name);
  fs.mkdirSync(documents, { recursive: true });
  fs.renameSync(path.join(library, 'docs'), path.join(documents, 'docs'));
  for (const text of ['README.md', 'README.vi.md']) fs.renameSync(path.join(library, text), path.join(documents, text));
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(documents, 'copyright'));
  fs.writeFileSync(
    path.join(tree, 'DEBIAN/control'),
    [
      `Package: ${name}`,
      `Version: ${debianVersion}`,
      `Architecture: ${ARCHITECTURE}`,
      'Maintainer: The Liên Thông authors <lienthong@localhost>',
      `Installed-Size: ${run('du', ['-sk', tree]).toString().split('\t')[0]}`,
      'Depends: nodejs (>= 20.19), adduser, libc6',
      // apt installs what a package recommends. A machine that only runs the hub needs no server of either.
      'Suggests: postgresql, redis-server',
      'Section: net',
      'Priority: optional',
      `Description: ${description.replace(/^.*?: /, '')}`,
      '',
    ].join('\n'),
  );
  run('find', [tree, '-newermt', `@${builtAt}`, '-exec', 'touch', '-h', '-d', `@${builtAt}`, '{}', '+']);
  run('dpkg-deb', ['--root-owner-group', '--build', tree, file], { env });
  fs.rmSync(tree, { recursive: true });
}

const debianVersion = revision === undefined ? version : `${version}-${revision}`;
const named = (end) => path.join(OUT, end);
const tarball = named(`${name}-${debianVersion}-linux-${process.arch}.tar.gz`);
const deb = named(`${name}_${debianVersion}_${ARCHITECTURE}.deb`);
const components = named(`${name}-${debianVersion}.cdx.json`);
const audited = named(`${name}-${debianVersion}.audit.json`);

await build();
fs.mkdirSync(OUT, { recursive: true });
const folder = named(`${name}-${debianVersion}`);
for (const old of [folder, named('debian')]) fs.rmSync(old, { recursive: true, force: true });
const listed = stageApplication(folder);
fs.writeFileSync(components, listed);
const report = audit(listed, advisories, ROOT);
fs.writeFileSync(audited, `${JSON.stringify(report, null, 2)}\n`);
makeTarball(folder, tarball);
makeDebianPackage(folder, deb);
const sums = [tarball, deb, components, audited].map((file) => {
  const sum = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  return `${sum}  ${path.basename(file)}\n`;
});
fs.writeFileSync(named('SHA256SUMS'), sums.join(''));
for (const file of [tarball, deb, components, audited, named('SHA256SUMS')])
  console.log(`${(fs.statSync(file).size / 2 ** 20).toFixed(1).padStart(6)} MB  ${path.relative(ROOT, file)}`);
console.log(
  report.notChecked ? `advisories: not checked, ${report.notChecked}` : `advisories: ${report.findings.length}`,
);
