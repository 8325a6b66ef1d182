import { defineSimulator, ministryRegistry, type SimulatorDefinition } from '#kit/testing';
import { agriculture } from './simulator/agriculture.ts';
import { businessRegister } from './simulator/business-register.ts';
import { criminalRecord } from './simulator/criminal-record.ts';
import { digitisedStore } from './simulator/digitised-store.ts';
import { drivingLicence } from './simulator/driving-licence.ts';
import { health } from './simulator/health.ts';
import { land } from './simulator/land.ts';
import { measurement } from './simulator/measurement.ts';
import { ministryPortal } from './simulator/ministry-portal.ts';
import { socialInsurance } from './simulator/social-insurance.ts';
import { socialProtection } from './simulator/social-protection.ts';

/** The systems of `parties/`, at the addresses of one server. A citizen's dossier advances one step every `stepMs`. */
export function ministriesSimulator({ stepMs = 2_000 } = {}): SimulatorDefinition {
  return defineSimulator<ministryRegistry.Registry>({
    state: ministryRegistry.createRegistry,
    expireSessions: ({ sessions }) => sessions.clear(),
    routes: [
      ...health(stepMs),
      ...agriculture(stepMs),
      ...criminalRecord(),
      ...drivingLicence(),
      ...businessRegister(),
      ...digitisedStore(),
      ...land(),
      ...measurement(),
      ...ministryPortal(),
      ...socialInsurance(),
      ...socialProtection(),
    ],
  });
}

export default ministriesSimulator();
