import { type TestConnection, type TestConnectionOptions, testConnection } from '#kit/testing';
import construction from '../parties/construction.json' with { type: 'json' };
import transport from '../parties/transport.json' with { type: 'json' };

/** The example parties, connected to a simulator in tests. A case may name the other party as its `system`. */
export function connectTo(usual: 'construction' | 'transport') {
  return (url: string, options: TestConnectionOptions): TestConnection =>
    testConnection(
      (options.settings?.system ?? usual) === 'construction' ? constructionAt(url) : transportAt(url),
      options,
    );
}

export function constructionAt(url: string) {
  return {
    ...construction,
    endpoint: `${url}/DichVuHoSo.asmx`,
    password: 'mat-khau-thu-nghiem',
    pull: whole(construction.pull),
  };
}

export function transportAt(url: string) {
  const security = { ...transport.security, password: 'mat-khau-thu-nghiem' };
  const wsdl = 'adapters/soap-ministry/parties/transport.wsdl';
  return { ...transport, wsdl, endpoint: `${url}/HoSoWS`, security, pull: whole(transport.pull) };
}

/** Extends every list's period to the whole time, so that the clock does not matter. */
function whole<P extends Readonly<Record<string, { readonly period: { readonly startAt: string } }>>>(pull: P): P {
  const lists = Object.entries(pull).map(([name, list]) => [
    name,
    { ...list, period: { startAt: list.period.startAt } },
  ]);
  return Object.fromEntries(lists) as P;
}
