import Type from 'typebox';
import { withoutUndefined } from '#core/without-undefined';
import { Dossier } from '#schemas/dossier.upsert.v1';
import { closed, Instant } from '#schemas/parts';
import type { AppContext } from '../app-context.ts';

/** More steps than any ordinary dossier has. */
const MOST = 100;

export const PublicStep = closed(
  {
    status: Dossier.properties.status,
    at: Instant,
    unit: Type.Optional(Type.String({ description: 'where the step was taken' })),
  },
  { title: 'PublicStep', description: 'A step of a dossier as a citizen without a key sees it' },
);
export type PublicStep = Type.Static<typeof PublicStep>;

/**
 * The steps that moved the status of a dossier, oldest first, with personal data masked. Repeats and statements of
 * parties that do not own the dossier are left out.
 *
 * @param dossier its own code
 */
export async function readSteps(
  index: Pick<AppContext['index'], 'history'>,
  dossier: string,
): Promise<readonly PublicStep[]> {
  const { items } = await index.history(dossier, MOST, undefined, false);
  const moved = items.filter(({ movedStatus, claim }) => movedStatus && !claim);
  return moved
    .filter(({ status }, at) => status !== moved[at - 1]?.status)
    .map(({ status, at, unit }) =>
      withoutUndefined({ status: status as PublicStep['status'], at, unit: unit || undefined }),
    );
}
