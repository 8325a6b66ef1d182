import type { Readers } from '../../steps/read-again.ts';
import { readKept as readNationalPortal } from './national-portal.ts';
import { readKept as readRest } from './rest.ts';

/** How the bodies that each door keeps are read again. */
export function createReaders(province: string | undefined): Readers {
  return {
    rest: ({ body, operation, mediaType }) => readRest(body, operation, mediaType),
    'national-portal': ({ body, operation }) => readNationalPortal(body, operation, province),
  };
}
