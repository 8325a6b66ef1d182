import Type from 'typebox';
import { problem } from '#core/problem';
import type { Kinds } from '#core/records/kinds';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed } from '#schemas/parts';
import type { NoErasure } from '../../erasure/erase-person.ts';
import { requireKey } from '../auth.ts';
import { Refusal, refusalWith } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { OPS, type OperatorContext, orderReader, TAG } from './request.ts';
import { maybe } from './shown.ts';
import { SUBJECT_ORDER, subjectOrderOf } from './subject-order.ts';

const PreviewOrder = closed({
  ...SUBJECT_ORDER,
  openToo: Type.Optional(
    Type.Boolean({
      description: 'also dossiers and records that are not ended: their sources can update them no more',
    }),
  ),
  namesToo: Type.Optional(
    Type.Boolean({
      description: 'also texts with nothing but the name, the phone number or the address, which others may have too',
    }),
  ),
});
const Order = closed({
  ...PreviewOrder.properties,
  token: Type.String({ minLength: 1, maxLength: 100, description: 'the token of the preview' }),
});

const Subject = Type.String({ description: 'a dossier by its code, a record by its kind and code' });
const KeptShown = closed({
  subject: Subject,
  why: Type.Enum(['held', 'open'], { description: 'held: under a legal hold; open: not ended, see openToo' }),
  hold: maybe(Type.Integer({ description: 'the number of the legal hold' })),
});

export const PersonErasureShown = closed(
  {
    token: Type.String({ description: 'for the order; it changes with the dossiers and records that are found' }),
    subjects: Type.Array(
      closed({
        subject: Subject,
        part: Type.Enum(['own', 'former', 'mentioned'], {
          description: 'own: of the person; former: of the person before; mentioned: a text speaks of the person',
        }),
      }),
    ),
    kept: Type.Array(KeptShown),
    messages: Type.Integer({ description: 'stored bodies of messages that speak of the person' }),
    calls: Type.Integer({ description: 'stored calls of deliveries that speak of the person' }),
    notes: Type.Integer({
      description:
        'reasons, notes and purposes of officers and errors of partners that speak of the person; the person is hidden in them',
    }),
    savedFilters: Type.Integer({
      description: 'saved filters of officers with the name, a number or an address of the person; they are removed',
    }),
    namesakes: Type.Integer({
      description: 'more places with nothing but the name, the phone number or the address, see namesToo',
    }),
    unreadable: Type.Integer({
      description: 'values that no secret of the hub opens, so nobody can say whose data they are',
    }),
    parties: Type.Array(Type.String(), {
      description: 'systems that sent or received data of the person; they keep what they have',
    }),
  },
  { title: 'PersonErasurePreview' },
);

export const ErasedPersonShown = closed(
  {
    erased: Type.Integer({ description: 'dossiers and records that lost data of the person' }),
    kept: Type.Array(KeptShown),
  },
  { title: 'ErasedPerson' },
);

const REFUSED = {
  404: { description: 'The hub has no data of this person' },
  409: {
    description:
      'Several people have this phone number or address, several dossiers have this alias, or the data of the person is ' +
      'under a legal hold',
  },
};
const SCOPE = 'ops:erase';

/** Erases the data of one person: a preview, then the order with its token. */
export function addPersonErasure(add: AddRoute, { keys, kinds, personErasure }: OperatorContext): void {
  const readPreview = orderReader(PreviewOrder);
  add(
    {
      method: 'post',
      path: `${OPS}/erasures/preview`,
      tag: TAG,
      summary: 'Preview the erasure of the data of one person',
      description:
        'Finds the data of a person everywhere in the hub: dossiers, records, their histories, stored bodies and calls. ' +
        'Shows none of it and changes nothing. The audit records the look with its reason. It reads every stored value, ' +
        'so it may take some minutes.',
      scopes: [SCOPE],
      body: { 'application/json': PreviewOrder },
      replies: { 200: { description: 'What would be erased', schema: PersonErasureShown }, ...REFUSED },
    },
    async (c) => {
      const { id: who } = requireKey(c, keys, SCOPE);
      const { asked, options, why } = orderOf(kinds, await readPreview(c));
      const shown = await personErasure.preview(asked, options, { who, why });
      if (shown.kind !== 'found') throw refusalOf(shown);
      return c.json({ ...shown.preview, kept: shown.preview.kept.map(shownKept) });
    },
  );
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/erasures`,
      tag: TAG,
      summary: 'Erase the data of one person, as a preview showed it',
      description:
        'Needs the members of the preview and its token. Each batch commits alone: repeat the preview and the order if ' +
        'the hub stops meanwhile. States, dates, offices and amounts stay, and all counts with them.',
      scopes: [SCOPE],
      body: { 'application/json': Order },
      replies: {
        200: { description: 'What was erased', schema: ErasedPersonShown },
        404: REFUSED[404],
        409: { description: `${REFUSED[409].description}, or the data has changed since the preview` },
      },
    },
    async (c) => {
      const { id: who } = requireKey(c, keys, SCOPE);
      const { token, ...order } = await read(c);
      const { asked, options, why } = orderOf(kinds, order);
      const done = await personErasure.erase(asked, options, { who, why }, token);
      if (done.kind === 'changed') throw new Refusal('changed', say('changed-since-preview'));
      if (done.kind === 'rebuilding')
        throw new Refusal('unavailable', say('nothing-kept', { why: say('rebuild-under-way') }), {
          headers: { 'Retry-After': '60' },
        });
      if (done.kind !== 'erased') throw refusalOf(done);
      return c.json({ erased: done.erased, kept: done.kept.map(shownKept) });
    },
  );
}

/** @throws Refusal 400 that names the member */
function orderOf(kinds: Kinds, order: Type.Static<typeof PreviewOrder>) {
  const { why, openToo = false, namesToo = false, ...given } = order;
  return { asked: subjectOrderOf(kinds, given), options: { openToo, namesToo, tell: () => undefined }, why };
}

function shownKept<One extends object>(one: One): One & { readonly hold: number | null } {
  return { hold: null, ...one };
}

function refusalOf(found: NoErasure): Refusal {
  if (found.kind === 'named') return refusalWith([problem('/why', 'names-the-person')]);
  if (found.kind === 'unclear') return refusalWith([problem('/person', 'person-unclear')]);
  if (found.kind === 'none') return new Refusal('not-found', say('no-data-of-person'));
  if (found.kind === 'held') return new Refusal('decided', say('person-under-hold', { hold: found.hold }));
  if (found.kind === 'several') return new Refusal('ambiguous', say('several-people', { count: found.count }));
  return new Refusal('ambiguous', say('code-of-several', { got: received(found.code), list: found.codes }));
}
