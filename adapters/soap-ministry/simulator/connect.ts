import { type TestConnection, type TestConnectionOptions, testConnection } from '#kit/testing';
import construction from '../parties/construction.json' with { type: 'json' };
import eReceipt from '../parties/e-receipt.json' with { type: 'json' };
import population from '../parties/population.json' with { type: 'json' };
import sms from '../parties/sms.json' with { type: 'json' };
import transport from '../parties/transport.json' with { type: 'json' };

const PARTIES = {
  construction: constructionAt,
  transport: transportAt,
  population: populationAt,
  'e-receipt': eReceiptAt,
  sms: smsAt,
} as const;
type Party = keyof typeof PARTIES;

/** The example parties, connected to a simulator in tests. A case may name another party as its `system`. */
export function connectTo(usual: Party) {
  return (url: string, options: TestConnectionOptions): TestConnection =>
    testConnection(PARTIES[(options.settings?.system as Party | undefined) ?? usual](url), options);
}

export function populationAt(url: string) {
  const security = { ...population.security, password: 'mat-khau-thu-nghiem' };
  return { ...population, endpoint: `${url}/dancu`, security, ask: withCode(population.ask) };
}

export function smsAt(url: string) {
  return { ...sms, endpoint: `${url}/bulkapi`, password: 'mat-khau-thu-nghiem' };
}

export function eReceiptAt(url: string) {
  const { portal } = eReceipt.services;
  return {
    ...eReceipt,
    endpoint: `${url}/PublishService.asmx`,
    services: { portal: { ...portal, endpoint: `${url}/PortalService.asmx` } },
    password: 'mat-khau-thu-nghiem',
    secrets: { accountPassword: 'mat-khau-thu-phi' },
  };
}

/** The integration code that the database issues to a system: 20 digits. */
function withCode(ask: typeof population.ask) {
  const request = { ...ask.person.request, MaTichHop: { value: '00000000000000000060' } };
  return { person: { ...ask.person, request } };
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
