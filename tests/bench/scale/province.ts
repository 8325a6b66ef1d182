import { type CatalogueEntry, readCatalogue } from '../catalogue.ts';

/** The agencies and services of a whole province. */
export interface Province {
  /** The 124 communes, where most dossiers are filed. */
  readonly agencies: readonly CatalogueEntry[];
  readonly services: readonly CatalogueEntry[];
  /** Services that the fixtures do not have. The hub must know them before their dossiers. */
  readonly invented: readonly CatalogueEntry[];
}

const SERVICES = 400;

export function createProvince(): Province {
  const agencies = (readCatalogue('agencies') as readonly Agency[]).filter(
    ({ inForce, level }) => inForce && level === 'commune',
  );
  // The national portal gets no procedure without a field.
  const known = readCatalogue('services').filter(({ inForce, fieldCode }) => inForce && fieldCode !== undefined);
  const invented = Array.from({ length: SERVICES - known.length }, (_, at) => inventedService(known, at));
  return { agencies, services: [...known, ...invented], invented };
}

interface Agency extends CatalogueEntry {
  readonly level: string;
}

/** A service of the same field under a code that no real service has. */
function inventedService(known: readonly CatalogueEntry[], at: number): CatalogueEntry {
  const { name, fieldCode, fieldName } = known[at % known.length] as CatalogueEntry;
  return {
    code: `3.9${String(at).padStart(5, '0')}`,
    name: `${name} (trường hợp ${at + 1})`,
    inForce: true,
    ...(fieldCode !== undefined && { fieldCode }),
    ...(fieldName !== undefined && { fieldName }),
  };
}
