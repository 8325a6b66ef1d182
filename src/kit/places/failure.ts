/** A place that cannot be used now. The message names no secret. */
export class PlaceFailure extends Error {}
