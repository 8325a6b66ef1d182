type Environment = Readonly<Record<string, string | undefined>>;

export interface CopySettings {
  /** The secret of one of the hub's keys. Undefined if not set. */
  readonly key: string | undefined;
  readonly host: string;
}

/** The settings of a copy. It needs none of the hub's. */
export function copySettings(env: Environment): CopySettings {
  return { key: env.COPY_KEY?.trim() || undefined, host: env.HOST?.trim() || '127.0.0.1' };
}
