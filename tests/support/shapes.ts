import { readFileSync } from 'node:fs';
import jsonld from 'jsonld';
import { Parser, Store } from 'n3';
import SHACLValidator from 'rdf-validate-shacl';

const SHAPES = readFileSync(new URL('cpsv-ap-3.2.0.shapes.ttl', import.meta.url), 'utf8');
const validator = new SHACLValidator(new Store(new Parser().parse(SHAPES)));

const READING = {
  format: 'application/n-quads',
  // Finds what a JSON-LD processor would silently drop: members without a prefix, identifiers that are no IRI.
  safe: true,
  documentLoader: (url: string) => Promise.reject(new Error(`there is nothing to fetch, and ${url} is`)),
} as const;

/** The violations of the CPSV-AP 3.2.0 shapes in a JSON-LD document: node, property, constraint. */
export async function findings(document: object): Promise<readonly string[]> {
  const quads = await jsonld.toRDF(document as jsonld.JsonLdDocument, READING);
  const data = new Store(new Parser({ format: 'N-Quads' }).parse(quads as unknown as string));
  const { results } = await validator.validate(data);
  return results.map(({ focusNode, path, sourceConstraintComponent: asked }) => {
    const [node, property, failed] = [focusNode, path, asked].map((term) => term?.value.replace(/^.*[#/](?=.)/, ''));
    return `${node} ${property}: ${failed?.replace('ConstraintComponent', '')}`;
  });
}
