import { defineAdapter, inOrder, type Outgoing, type Sender } from '#kit';
import type { Operation } from '#schemas/operations';
import { closed } from '#schemas/parts';
import Type from 'typebox';
import { type Settings, tell } from './client.ts';

const Settings = closed({
  /** Where it takes what it is told. Absent: it only pushes, and telling it anything is refused. */
  baseUrl: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 500 })),
  token: Type.Optional(Type.String({ minLength: 1, maxLength: 4_000 })),
  connectTimeoutS: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 60 })),
  timeoutS: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 300 })),
});

/** The province's one-stop system: it pushes its dossiers to the hub's own door, and is told the rest here. */
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
  },
});

function put<O extends Operation>(collection: string): Sender<Settings, O> {
  return each((item) => ({ method: 'PUT', path: `${collection}/${encodeURIComponent(item.code)}` }));
}

function each<O extends Operation>(
  target: (item: Outgoing<O>) => { readonly method: 'PUT' | 'POST'; readonly path: string },
): Sender<Settings, O> {
  return { send: (connection, items) => inOrder(items, (item) => tell(connection, item, target(item))) };
}
