import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import semver from 'semver';

/**
 * Which known advisories concern the components of the package.
 * @param components the list of components (CycloneDX)
 * @param advisories a file of advisories, for a machine without internet; undefined asks the registry of npm
 * @param folder the application with its lock file
 */
export function audit(components, advisories, folder) {
  if (advisories === undefined) return askRegistry(folder);
  const known = JSON.parse(fs.readFileSync(advisories, 'utf8'));
  return { source: advisories, findings: findingsIn(JSON.parse(components), known, advisories) };
}

/**
 * @param known by the name of a package, as npm's registry answers `/-/npm/v1/security/advisories/bulk`
 * @throws when an advisory has no range of versions: it would concern nothing
 */
export function findingsIn({ components = [] }, known, file = 'advisories') {
  return components.flatMap(({ group, name, version }) => {
    const full = group ? `${group}/${name}` : name;
    return (Object.hasOwn(known, full) ? known[full] : [])
      .filter(({ id, vulnerable_versions: range }) => {
        if (semver.validRange(range) === null)
          throw new Error(
            `${file}: ${full} ${id}: got vulnerable_versions ${JSON.stringify(range)}, expected a range such as <1.2.3`,
          );
        return semver.satisfies(version, range, { includePrerelease: true });
      })
      .map(({ id, url, title, severity, vulnerable_versions }) => ({
        ...{ package: full, version, id, severity, title, url, vulnerable_versions },
      }));
  });
}

/** No answer is no clean report: the file then says why nothing was checked. */
function askRegistry(folder) {
  try {
    const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0'];
    return {
      source: 'npm audit',
      ...reportIn(execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })),
    };
  } catch (error) {
    // npm ends with 1 when it found something, too.
    return { source: 'npm audit', ...reportIn(error.stdout ?? '') };
  }
}

function reportIn(output) {
  try {
    const { vulnerabilities, message, error } = JSON.parse(String(output));
    if (vulnerabilities) return { findings: Object.values(vulnerabilities) };
    return { notChecked: message ?? error?.summary ?? 'the registry gave no report' };
  } catch {
    return { notChecked: 'npm printed no report' };
  }
}
