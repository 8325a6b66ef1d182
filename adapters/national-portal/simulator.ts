import { nationalPortal } from './simulator/portal.ts';

/** A national portal that takes any account and answers with whole numbers; see PortalOptions for others. */
export default nationalPortal();
