import { replaceEncoded } from '#core/masking/encoded-text';
import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { nextTurn } from '../concurrency/yielding.ts';
import { piecesOf } from '../ledger/hidden-body.ts';

/**
 * How a text speaks of a person: surely of them, or only by what others may have too: a name, or the phone number or the
 * address of a family.
 */
export type Mention = 'sure' | 'perhaps' | undefined;

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
  const [any, own, names, contacts, homes] = [
    of('name', 'identityNumber', 'techId', 'phone', 'email', 'address'),
    of('identityNumber', 'techId'),
    of('name'),
    of('phone', 'email'),
    of('address'),
  ];
  // Read as the name of a unit, so that an address of nothing but a commune is no mention.
  const isIn = ({ mayBeIn, mask }: Mentions, text: string): boolean => mayBeIn([text]) && mask(text, true) !== text;

  return async (text) => {
    const seen = { own: false, name: false, contact: false, home: false };
    for (const written of piecesOf(text)) {
      if (text.length > written.length) await nextTurn();
      const piece = withEncoded(written);
      if (!any.mayBeIn([piece])) continue;
      seen.own ||= isIn(own, piece);
      seen.name ||= isIn(names, piece);
      seen.contact ||= isIn(contacts, piece);
      seen.home ||= isIn(homes, piece);
    }
    // A home makes no name sure: a body of a thousand dossiers may have a namesake, and elsewhere somebody of the same hamlet.
    if (seen.own || (seen.name && seen.contact)) return 'sure';
    return seen.name || seen.contact || seen.home ? 'perhaps' : undefined;
  };
}

/** A piece of a text, followed by the texts that it holds in base64. */
function withEncoded(piece: string): string {
  const held: string[] = [];
  replaceEncoded(piece, (text, run) => {
    held.push(text);
    return run;
  });
  return [piece, ...held].join('\n');
}
