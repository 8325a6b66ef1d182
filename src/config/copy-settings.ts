type Environment = Readonly<Record<string, string | undefined>>;

export interface CopySettings {
  /** The secret of a key of the hub's; undefined where none is given. */
  readonly key: string | undefined;
  readonly host: string;
}

/** What a copy takes from the environment: of the hub's settings it needs none. */
export function copySettings(env: Environment): CopySettings {
  return { key: env.COPY_KEY?.trim() || undefined, host: env.HOST?.trim() || '127.0.0.1' };
}
