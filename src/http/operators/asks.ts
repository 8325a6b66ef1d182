import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { KEYLESS } from '#core/statistics/columns';
import { nfc } from '#core/vietnamese/text';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { AskFilter } from '../../ledger/asks.ts';
import { text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { addList, cleanFilter, LOOKS_AT } from './list.ts';
import type { OperatorContext } from './request.ts';
import { maybe } from './shown.ts';

const OUTCOMES = ['found', 'not-found', 'several', 'refused', 'unavailable', 'unknown'] as const;

export const AskShown = closed(
  {
    id: Type.String({ format: 'uuid' }),
    at: Instant,
    party: Type.String(),
    question: Type.String(),
    keyName: Type.String({ description: 'the id of the key' }),
    officer: Type.String({ description: 'empty after `retention.asksMonths`' }),
    agencyCode: Type.String(),
    purpose: Type.String(),
    legalBasis: Type.String(),
    dossierCode: maybe(Type.String({ description: 'null without a dossier, and after `retention.asksMonths`' })),
    serviceCode: maybe(Type.String()),
    outcome: maybe(
      Type.Enum([...OUTCOMES], { description: 'null while the call is under way, and if the process ended meanwhile' }),
    ),
    reason: maybe(Type.String()),
    tookMs: maybe(Type.Integer()),
  },
  { title: 'Ask' },
);

const FILTERS = {
  party: text('the register'),
  question: text('the question'),
  officer: text(`the officer, ${KEYLESS} for those whom the retention forgot`),
  agency: text('an agency code, including the agencies below it'),
  below: Type.Optional(Type.Enum(['true', 'false'], { description: 'false: without the agencies below' })),
  code: text('the code of a dossier'),
  purpose: Type.Optional(Type.String({ maxLength: 300, description: 'the purpose, word for word' })),
  outcome: Type.Optional(oneOf([...OUTCOMES, 'open', 'failed'])),
  from: text('the first moment or day'),
  to: text('the last moment or day'),
};
type Filter = Type.Static<Type.TObject<typeof FILTERS>>;

/** Who asked which register what, for which dossier, when and with what outcome. No personal data of citizens. */
export function addAskList(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'asks',
    summary: 'Questions to registers, newest first: who asked what, for which dossier, why and with what outcome',
    description: `The hub stores neither the values of a question nor its answer. ${LOOKS_AT}`,
    filters: FILTERS,
    item: AskShown,
    load: (filter, many, before?: string) => hub.ledger.asks(asStored(filter), many, before),
    count: (filter) => hub.ledger.totals.asks(asStored(filter)),
    placeOf: ({ id }) => id,
  });
}

/** The filter with each value in the form in which asks are stored. @throws Refusal 400 for an invalid date */
function asStored({ agency, below, officer, purpose, ...same }: Filter): AskFilter {
  return {
    ...cleanFilter(same),
    agency: agency && cleanCode(agency),
    isAgencyAlone: below === 'false',
    officer: officer === KEYLESS ? '' : officer && nfc(officer.trim()),
    purpose: purpose && nfc(purpose.trim()),
  };
}
