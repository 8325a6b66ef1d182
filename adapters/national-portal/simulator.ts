import { nationalPortal } from './simulator/portal.ts';

/** A national portal that takes any account and answers with integers. `PortalOptions` has the variants. */
export default nationalPortal();
