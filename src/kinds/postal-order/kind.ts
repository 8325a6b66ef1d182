import { type Problem, problem } from '#core/problem';
import { type DossierFacts, type DossierStep, defineKind, type Surroundings } from '#core/records/kind';
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
  dossierStep,
  stillAfterDays: 5,
  uniqueBy: ({ dossierCode, direction }) => `${dossierCode} ${direction}`,
  problems: orderProblems,
});

function orderProblems(_: PostalOrder, { rival }: Surroundings): readonly Problem[] {
  return rival ? [problem('/code', 'order-exists', { got: rival.code })] : [];
}

/** A result that the post delivered is returned. Papers that the post picks up move no dossier. */
function dossierStep({ state, direction }: PostalOrder, { status }: DossierFacts): DossierStep | undefined {
  if (state !== 'delivered' || direction !== 'return' || status !== 'resolved') return undefined;
  return { status: 'returned', actor: 'Bưu chính', content: 'Đã trả kết quả qua dịch vụ bưu chính.' };
}
