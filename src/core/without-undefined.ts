type OptionalNames<T> = { [Name in keyof T]-?: undefined extends T[Name] ? Name : never }[keyof T];

/** The same members, of which those that may be undefined may be absent instead. */
export type WithoutUndefined<T extends object> = Omit<T, OptionalNames<T>> & {
  [Name in OptionalNames<T>]?: Exclude<T[Name], undefined>;
};

/** A copy without undefined members, where they differ from absent ones: headers, queries, members that are counted. */
export function withoutUndefined<T extends object>(members: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>;
}
