import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { IHttpClient, WSDL } from 'soap';
import { ForeignAddress, type Http } from '../http/exchange.ts';
import { charsetOf, decoded, guardBeginning, XmlProblem } from '../xml/text.ts';
import { type LoadedWsdl, type Port, type WsdlAction, WsdlProblem } from './loaded-wsdl.ts';
import { loadNodeSoap } from './node-soap.ts';
import { type Document, outlineOf } from './wsdl-outline.ts';

const MOST_DOCUMENTS = 50;

const MOST_BYTES = 4 * 1024 * 1024;

/** Files get addresses under this host, so that node-soap requests them from us instead of reading the disk. */
const FILES = 'http://wsdl-files.invalid/';

/**
 * Reads a WSDL from an address or a file, with its imports. Imports may come from the party's own hosts, or from the
 * file's own folder and its subfolders. Redirects are not followed.
 *
 * @throws WsdlProblem
 */
export async function loadWsdl(http: Http, location: string): Promise<LoadedWsdl> {
  const isFile = !/^https?:\/\//.test(location);
  const folder = resolve(dirname(location));
  const root = isFile ? FILES + relative(folder, resolve(location)) : location;
  // The location as configured. Imports are shown relative to it.
  const shown = (uri: string): string => {
    if (uri === root) return location;
    return isFile && uri.startsWith(FILES) ? join(dirname(location), decodeURIComponent(uri.slice(FILES.length))) : uri;
  };
  const documents = new Map<string, string>();
  const ports: Port[] = [];
  const wrappers = new Map<string, string>();
  const actions = new Map<string, WsdlAction>();
  const waiting = [root];
  for (let uri = waiting.pop(); uri !== undefined; uri = waiting.pop()) {
    if (documents.has(uri)) continue;
    if (documents.size === MOST_DOCUMENTS) throw new WsdlProblem(`the WSDL imports over ${MOST_DOCUMENTS} documents`);
    const bytes = uri.startsWith(FILES) && isFile ? await fromFile(folder, uri, shown(uri)) : await fromHost(http, uri);
    const document = read(uri, shown(uri), bytes);
    documents.set(uri, document.text);
    ports.push(...document.ports);
    for (const [key, namespace] of document.wrappers) wrappers.set(key, namespace);
    for (const [key, action] of document.actions) actions.set(key, action);
    waiting.push(...document.imports);
  }
  return { wsdl: await compile(root, documents), ports, wrappers, actions };
}

async function fromFile(folder: string, uri: string, shown: string): Promise<Uint8Array> {
  const name = decodeURIComponent(uri.slice(FILES.length));
  try {
    const path = resolve(folder, name);
    // An address cannot leave its root, but may have encoded slashes.
    if (!path.startsWith(join(folder, sep))) throw Object.assign(new Error(), { code: 'EACCES' });
    return await readFile(path);
  } catch (error) {
    throw new WsdlProblem(`the WSDL ${shown} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function fromHost(http: Http, url: string): Promise<Uint8Array> {
  const exchange = await http.exchange({ method: 'GET', url, idempotent: true }).catch((error: Error) => {
    if (error instanceof ForeignAddress)
      throw new WsdlProblem(`the WSDL imports from ${new URL(url).origin}, which is none of the party's own addresses`);
    throw error;
  });
  if (exchange.kind !== 'reply') throw new WsdlProblem(`the WSDL ${url}: ${exchange.message}`);
  const { status, headers, body } = exchange;
  if (status >= 300 && status < 400)
    throw new WsdlProblem(`the WSDL ${url} is said to be at ${headers.location}: redirects are not followed`);
  if (status !== 200) throw new WsdlProblem(`the WSDL ${url}: status ${status}`);
  if (body.length > MOST_BYTES) throw new WsdlProblem(`the WSDL ${url} has over ${MOST_BYTES} bytes`);
  return body;
}

function read(uri: string, shown: string, bytes: Uint8Array): Document {
  try {
    const text = [...decoded(bytes, charsetOf(bytes))].join('').trimStart();
    guardBeginning(text);
    return { text, ...outlineOf(uri, text) };
  } catch (error) {
    if (error instanceof XmlProblem) throw new WsdlProblem(`the WSDL ${shown}: ${error.message}`);
    throw error;
  }
}

/** Passes the documents to node-soap, which reads nothing itself. */
async function compile(root: string, documents: ReadonlyMap<string, string>): Promise<WSDL> {
  const httpClient: IHttpClient = {
    request(url, _data, callback) {
      const text = documents.get(url);
      if (text === undefined) callback(new WsdlProblem(`the WSDL imports ${url}, which was not read`));
      else callback(null, { status: 200 }, text);
      return undefined as never;
    },
  };
  const compiled = new Map<string, WSDL>();
  const wsdlCache = {
    has: () => false,
    get: () => undefined as never,
    set: (key: string, wsdl: WSDL) => void compiled.set(key, wsdl),
  };
  const { createClientAsync } = await loadNodeSoap();
  try {
    await createClientAsync(root, { httpClient, wsdlCache });
  } catch (error) {
    throw new WsdlProblem(`the WSDL cannot be used: ${(error as Error).message}`);
  }
  return compiled.get(root) as WSDL;
}
