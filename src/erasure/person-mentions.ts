import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { nextTurn } from '../concurrency/yielding.ts';
import { piecesOf } from '../ledger/hidden-body.ts';

/** How a text speaks of a person: surely of them, or only by a name that others may have too. */
export type Mention = 'sure' | 'name' | undefined;

/** Finds out how texts speak of a person. Other requests run between the pieces of a long text. */
export function createMentionFinder(people: readonly Person[]): (text: string) => Promise<Mention> {
  const of = (...members: readonly (keyof Person)[]): Mentions =>
    createMentions(
      people.map((person) =>
        Object.fromEntries(
          ['kind' as const, ...members].flatMap((one) => (person[one] === undefined ? [] : [[one, person[one]]])),
        ),
      ),
    );
  const [any, own, names, contacts] = [
    of('name', 'identityNumber', 'techId', 'phone', 'email'),
    of('identityNumber', 'techId'),
    of('name'),
    of('phone', 'email'),
  ];
  const isIn = ({ mayBeIn, mask }: Mentions, text: string): boolean => mayBeIn([text]) && mask(text) !== text;

  return async (text) => {
    const seen = { own: false, name: false, contact: false };
    for (const piece of piecesOf(text)) {
      if (text.length > piece.length) await nextTurn();
      if (!any.mayBeIn([piece])) continue;
      seen.own ||= isIn(own, piece);
      seen.name ||= isIn(names, piece);
      seen.contact ||= isIn(contacts, piece);
    }
    if (seen.own || (seen.name && seen.contact)) return 'sure';
    return seen.name ? 'name' : undefined;
  };
}
