/** What needs a key; nothing where that is not set, and says so. */
export function withKey<T>(name: string, make: () => T): T | undefined {
  if (process.env[name]) return make();
  console.warn(`${name} is not set: what is on this machine stands in.`);
  return undefined;
}
