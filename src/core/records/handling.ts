/** How many of something were done in time. */
export interface Share {
  readonly inTime: number;
  readonly all: number;
}

/** How a dossier was handled, as the hub saw it. */
export interface HandlingFacts {
  readonly dueAt: string | undefined;
  /** Undefined while the dossier is in work. */
  readonly finishedAt: string | undefined;
  /** Units with steps that name a deadline, and those of them that kept all of it. */
  readonly units: Share;
  /** Steps and states of the dossier, and those that the hub, and so the portals, had within a working day. */
  readonly steps: Share;
  /** Petitions to the agency that were due in the quarter of the rating, and those that were handled by then. */
  readonly petitions: Share;
}

/** Points of one criterion. */
export interface PointsOf {
  readonly no: number;
  readonly points: number;
}
