import fs from 'node:fs';
import path from 'node:path';

/** Every dependency with its version, licence and the licence's text, by name. */
export function licencesOf(modules) {
  return [...packagesIn(modules)]
    .sort((a, b) => (a.title < b.title ? -1 : 1))
    .map(({ title, licence, text }) => `${title}\nLicence: ${licence}\n\n${text}`)
    .join(`\n${'-'.repeat(72)}\n\n`);
}

function* packagesIn(modules) {
  for (const entry of fs.readdirSync(modules)) {
    const folder = path.join(modules, entry);
    if (entry.startsWith('@')) yield* packagesIn(folder);
    else if (fs.existsSync(path.join(folder, 'package.json'))) {
      const { name, version, license, licenses } = JSON.parse(
        fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
      );
      const licence = license ?? licenses?.map(({ type }) => type).join(' or ');
      // A package with a font has the licence of the font too.
      const files = fs.readdirSync(folder).filter((one) => /^(licen[cs]e|copying)/i.test(one));
      if (licence === undefined && files.length === 0) throw new Error(`${name} ${version} names no licence`);
      const text = files.map((file) => fs.readFileSync(path.join(folder, file), 'utf8')).join('\n\n');
      yield { title: `${name} ${version}`, licence: licenceName(licence), text };
      if (fs.existsSync(path.join(folder, 'node_modules'))) yield* packagesIn(path.join(folder, 'node_modules'));
    }
  }
}

const licenceName = (licence) => (typeof licence === 'object' ? licence.type : (licence ?? 'see the text'));
