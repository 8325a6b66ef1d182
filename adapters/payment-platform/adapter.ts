import { defineAdapter, sendInOrder } from '#kit';
import { ipn } from './notification.ts';
import { openPayment } from './open-payment.ts';
import { transactions } from './query.ts';
import { reconcile } from './reconcile.ts';
import { readKept, readOpened, receiptIn } from './reports.ts';
import { isPaygov, Settings, settingsProblems } from './settings.ts';

/** The national payment platform, or a PayGov gateway. The reference is the code of the payment. */
export default defineAdapter({
  settings: Settings,
  settingsProblems,
  // No public source describes a query of PayGov.
  offers: (settings) => ({ sends: ['payment.upsert.v1'], pulls: isPaygov(settings) ? [] : ['transactions'] }),
  send: {
    'payment.upsert.v1': { send: (platform, items) => sendInOrder(items, (item) => openPayment(platform, item)) },
  },
  documentIn: receiptIn,
  answers: { init: { read: readOpened }, query: { read: readKept } },
  reconcile,
  pull: { transactions },
  callbacks: { ipn },
});
