export { HubClient, type HubClientOptions } from './client.ts';
export { HubError } from './errors.ts';
export { type PublicKey, type Receipt, type ReceiptItem, verifyReceipt } from './receipt.ts';
export type {
  Change,
  ChangePage,
  Dossier,
  DossierFilter,
  HistoryStep,
  Outcome,
  Problem,
  Pushed,
  PushReply,
  PushResult,
  Schemas,
  What,
} from './types.ts';
export { type HubEvent, verifyWebhook, type WebhookHeaders } from './webhook.ts';
