import { defineAdapter, nothingToSend, type Outgoing, type Sender, say, sendInOrder } from '#kit';
import type { Operation } from '#schemas/operations';
import { tell } from './client.ts';
import { Settings } from './settings.ts';

/** The province's one-stop system. It pushes dossiers to the hub's own door. This adapter sends it everything else. */
export default defineAdapter({
  settings: Settings,
  send: {
    'dossier.upsert.v1': put('dossiers'),
    'dossier.progress.v1': each((item) => ({
      method: 'POST',
      path: `dossiers/${encodeURIComponent(item.code)}/progress`,
    })),
    'service.upsert.v1': put('services'),
    'agency.upsert.v1': put('agencies'),
    'field.upsert.v1': put('fields'),
    'postal-order.upsert.v1': put('postal-orders'),
    'payment.upsert.v1': put('payments'),
    'question.upsert.v1': unlessCollected(put('questions')),
    'petition.upsert.v1': put('petitions'),
    'rating.upsert.v1': put('ratings'),
  },
});

function put<O extends Operation>(collection: string): Sender<Settings, O> {
  return each((item) => ({ method: 'PUT', path: `${collection}/${encodeURIComponent(item.code)}` }));
}

/** A system that collects its questions at the hub's door needs no delivery. Its route says what it may collect. */
function unlessCollected<O extends Operation>(sender: Sender<Settings, O>): Sender<Settings, O> {
  return {
    send: async (connection, items) =>
      connection.settings.collectsQuestions
        ? items.map(() => nothingToSend(say('collects-questions')))
        : sender.send(connection, items),
  };
}

function each<O extends Operation>(
  target: (item: Outgoing<O>) => { readonly method: 'PUT' | 'POST'; readonly path: string },
): Sender<Settings, O> {
  return { send: (connection, items) => sendInOrder(items, (item) => tell(connection, item, target(item))) };
}
