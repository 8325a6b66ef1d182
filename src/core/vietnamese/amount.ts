/**
 * An amount as Vietnamese texts write it, such as `50.000 đồng`, for whole amounts. Not by the runtime's locale: such a
 * text is part of stored steps, and a Node with other locale data would build other steps of the same messages.
 */
export function amountText(amountVnd: number): string {
  return `${String(amountVnd).replace(/\B(?=(?:\d{3})+$)/g, '.')} đồng`;
}
