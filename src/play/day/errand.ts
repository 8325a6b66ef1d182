/** A citizen's payment and postal order of one dossier. The order has the code of the dossier. */
export interface Errand {
  readonly dossierCode: string;
  readonly reference: string;
  readonly amountVnd: number;
  /** When the one-stop system asked for the payment. */
  readonly requestedAt: string;
  /** The one-stop system cancels the order again. */
  readonly isCancelled: boolean;
}

/** The last states of the order and the payment. The simulated platform lets references that end in 9 fail. */
export function lastStates({ reference, isCancelled }: Errand): { readonly order: string; readonly payment: string } {
  return { order: isCancelled ? 'cancelled' : 'delivered', payment: reference.endsWith('9') ? 'failed' : 'paid' };
}

/** A reference has letters and digits only. */
export function referenceOf(dossierCode: string, digit: number): string {
  return `${referencePrefix(dossierCode)}${digit}`;
}

/** The names of the records that errands of these dossiers make. */
export function errandRecords(dossiers: readonly string[]): (name: string) => boolean {
  const orders = new Set(dossiers.map((code) => `postal-order ${code}`));
  const payments = new Set(dossiers.map((code) => `payment ${referencePrefix(code)}`));
  return (name) => orders.has(name) || payments.has(name.slice(0, -1));
}

function referencePrefix(dossierCode: string): string {
  return `DVC${dossierCode.replace(/\W/g, '')}T`;
}
