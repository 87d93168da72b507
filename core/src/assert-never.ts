/** Makes a union exhaustive: a new member does not compile until it is decided. At run time it names the stranger. */
export function assertNever(value: never): never {
  throw new Error(`not decided: ${JSON.stringify(value)}`);
}
