import type { Connection } from '../../kit/connection.ts';
import { createFiles, type FileSource } from '../../kit/files.ts';
import type { Http } from '../../kit/http/exchange.ts';

/** Stands for the session of a login, which a trial does not make. */
const NO_SESSION = 'SESSION';

/** A trial has no database to look files up in. The request shows each file by its reference, never its bytes. */
const UNREAD_FILES: FileSource = {
  open: async () => ({
    bytes: 0,
    mediaType: '(as stored)',
    read: () => {
      throw new Error('a trial reads no file');
    },
  }),
};

/** A connection whose calls reach nobody. Only a WSDL is read. */
export function trialConnection(connection: Connection, exchange: Http['exchange']): Connection {
  const readsWsdl = Object.hasOwn(connection.settings as object, 'wsdl');
  return {
    ...connection,
    files: createFiles(UNREAD_FILES),
    sessions: {
      get: connection.sessions.get,
      login: async <T>(_: string, __: unknown, standIn?: (text: string) => T) =>
        standIn ? standIn(NO_SESSION) : (NO_SESSION as T),
      drop: connection.sessions.drop,
    },
    http: {
      exchange: (call) => (readsWsdl && call.method === 'GET' ? connection.http.exchange(call) : exchange(call)),
    },
  };
}
