/** The hub sends a `due` delivery by itself. A `held` one waits until a person has settled its cause. */
export const DELIVERY_STATES = ['due', 'delivered', 'refused', 'parked', 'held'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** By which states deliveries are found: `failed` are those with which nothing more happens unless a person does it. */
export const STATE_FILTERS = [...DELIVERY_STATES, 'failed'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];
