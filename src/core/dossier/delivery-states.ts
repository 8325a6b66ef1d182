/** The hub sends a `due` delivery automatically. A `held` one waits until an operator has settled its cause. */
export const DELIVERY_STATES = ['due', 'delivered', 'refused', 'parked', 'held'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Filters for deliveries. `failed` needs an operator: nothing more happens automatically. */
export const STATE_FILTERS = [...DELIVERY_STATES, 'failed'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];
