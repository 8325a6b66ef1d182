import { type Problem, problem } from '#core/problem';
import { defineKind, type Surroundings } from '#core/records/kind';
import { POSTAL_STATES, PostalOrder } from '#schemas/postal-order.v1';

type State = PostalOrder['state'];
const ENDED: readonly State[] = ['delivered', 'cancelled'];

/** A postal item of a dossier: one for each dossier and direction. */
export const postalOrder = defineKind<PostalOrder>({
  name: 'postal-order',
  path: 'postal-orders',
  operation: 'postal-order.upsert.v1',
  scope: 'post:write',
  schema: PostalOrder,
  names: { en: ['postal order', 'postal orders'], vi: ['bưu gửi', 'bưu gửi'] },
  states: POSTAL_STATES,
  finalStates: ['delivered', 'cancelled', 'failed'],
  people: ['sender', 'receiver'],
  citizenTexts: [],
  shared: ['waybill', 'codAmountVnd', 'steps'],
  growing: ['steps'],
  mayFollow: (from) => !ENDED.includes(from),
  searched: ({ code, dossierCode, waybill, sender, receiver }) => ({
    codes: [code, dossierCode, waybill],
    names: [sender?.name, receiver?.name],
  }),
  stillAfterDays: 5,
  uniqueBy: ({ dossierCode, direction }) => `${dossierCode} ${direction}`,
  problems: orderProblems,
});

function orderProblems(_: PostalOrder, { rival }: Surroundings): readonly Problem[] {
  return rival ? [problem('/code', 'order-exists', { got: rival.code })] : [];
}
