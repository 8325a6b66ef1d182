import type { Outgoing } from '#kit';
import { type TestConnection, type TestConnectionOptions, testConnection } from '#kit/testing';
import agriculture from '../parties/agriculture.json' with { type: 'json' };
import businessRegister from '../parties/business-register.json' with { type: 'json' };
import criminalRecord from '../parties/criminal-record.json' with { type: 'json' };
import digitisedStore from '../parties/digitised-store.json' with { type: 'json' };
import drivingLicence from '../parties/driving-licence.json' with { type: 'json' };
import health from '../parties/health.json' with { type: 'json' };
import landParty from '../parties/land.json' with { type: 'json' };
import landIlisParty from '../parties/land-ilis.json' with { type: 'json' };
import measurement from '../parties/measurement.json' with { type: 'json' };
import ministryPortal from '../parties/ministry-portal.json' with { type: 'json' };
import socialInsurance from '../parties/social-insurance.json' with { type: 'json' };
import socialProtection from '../parties/social-protection.json' with { type: 'json' };

/** The example parties, each at a simulator. */
export const PARTIES = {
  health: healthAt,
  agriculture: agricultureAt,
  'criminal-record': criminalRecordAt,
  'driving-licence': drivingLicenceAt,
  'business-register': businessRegisterAt,
  'digitised-store': digitisedStoreAt,
  land: landAt,
  'land-ilis': landIlisAt,
  measurement: measurementAt,
  'ministry-portal': ministryPortalAt,
  'social-insurance': socialInsuranceAt,
  'social-protection': socialProtectionAt,
} as const;
type Party = keyof typeof PARTIES;

/** The example parties, connected to a simulator in tests. A case may name another party as its `system`. */
export function connectTo(usual: Party) {
  return (url: string, options: TestConnectionOptions): TestConnection =>
    testConnection(PARTIES[(options.settings?.system as Party | undefined) ?? usual](url), options);
}

export function healthAt(url: string) {
  return {
    ...health,
    baseUrl: `${url}/lgsp/DichVuHoSo/1.0`,
    headers: { lgspaccesstoken: 'khoa-lgsp-thu-nghiem' },
    security: { ...health.security, tokenUrl: `${url}/lgsp/token`, clientSecret: 'mat-khau-thu-nghiem' },
    pull: whole(health.pull),
  };
}

export function agricultureAt(url: string) {
  const security = { ...agriculture.security, token: 'khoa-thu-nghiem' };
  return { ...agriculture, baseUrl: `${url}/api/v2`, security, pull: whole(agriculture.pull) };
}

export function criminalRecordAt(url: string) {
  return {
    ...criminalRecord,
    baseUrl: `${url}/lgsp`,
    headers: { lgspaccesstoken: 'khoa-lgsp-thu-nghiem' },
    security: { ...criminalRecord.security, tokenUrl: `${url}/lgsp/token`, clientSecret: 'mat-khau-thu-nghiem' },
  };
}

export function businessRegisterAt(url: string) {
  return {
    ...businessRegister,
    baseUrl: `${url}/lgsp`,
    headers: { lgspaccesstoken: 'khoa-lgsp-thu-nghiem' },
    security: { ...businessRegister.security, tokenUrl: `${url}/lgsp/token`, clientSecret: 'mat-khau-thu-nghiem' },
  };
}

export function digitisedStoreAt(url: string) {
  const security = { ...digitisedStore.security, token: 'khoa-thu-nghiem' };
  return { ...digitisedStore, baseUrl: `${url}/kho-so-hoa`, security };
}

/** A sample as a dossier of a procedure about land. */
export function landDossier(outgoing: Outgoing): Outgoing {
  const [serviceCode, status] = ['1.012756', outgoing.operation === 'dossier.upsert.v1' ? 'received' : 'returned'];
  const about = 'serviceCode' in outgoing.record ? { serviceCode, agencyCode: 'H60.01' } : {};
  return { ...outgoing, record: { ...outgoing.record, ...about, status } } as Outgoing;
}

export function landAt(url: string) {
  const callbacks = { ...landParty.callbacks, key: 'khoa-goi-lai-thu-nghiem' };
  return { ...landParty, baseUrl: `${url}/vbdlis`, callbacks };
}

export function landIlisAt(url: string) {
  return {
    ...landIlisParty,
    baseUrl: `${url}/ilis`,
    security: { ...landIlisParty.security, tokenUrl: `${url}/ilis/token`, clientSecret: 'mat-khau-thu-nghiem' },
    password: 'mat-khau-thu-nghiem',
    callbacks: { ...landIlisParty.callbacks, key: 'khoa-goi-lai-thu-nghiem' },
  };
}

export function measurementAt(url: string) {
  return { ...measurement, baseUrl: url };
}

export function ministryPortalAt(url: string) {
  const security = { ...ministryPortal.security, tokenUrl: `${url}/dvc-bo/token`, clientSecret: 'mat-khau-thu-nghiem' };
  return { ...ministryPortal, baseUrl: `${url}/dvc-bo`, security };
}

export function socialInsuranceAt(url: string) {
  const security = { ...socialInsurance.security, token: 'khoa-thu-nghiem' };
  return { ...socialInsurance, baseUrl: `${url}/bhxh`, security };
}

export function socialProtectionAt(url: string) {
  const codes = {
    ...socialProtection.codes,
    procedure: { ...socialProtection.codes.procedure, '1.001193': '1.001193' },
  };
  return { ...socialProtection, baseUrl: url, secrets: { acceptKey: 'khoa-thu-nghiem' }, codes };
}

export function drivingLicenceAt(url: string) {
  return {
    ...drivingLicence,
    baseUrl: `${url}/apiDVC-GPLX/tcdbdvcdata/mapi`,
    security: { ...drivingLicence.security, token: 'khoa-lgsp-thu-nghiem' },
    password: 'mat-khau-thu-nghiem',
    pull: whole(drivingLicence.pull),
  };
}

/** Extends every list's period to the whole time, so that the clock does not matter. */
function whole<P extends Readonly<Record<string, { readonly period: { readonly startAt: string } }>>>(pull: P): P {
  const lists = Object.entries(pull).map(([name, list]) => [
    name,
    { ...list, period: { startAt: list.period.startAt } },
  ]);
  return Object.fromEntries(lists) as P;
}
