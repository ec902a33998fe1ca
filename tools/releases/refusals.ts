/** What a release looks at before it begins. */
export interface BeforeRelease {
  readonly env: NodeJS.ProcessEnv;
  /** Files that are not committed. */
  readonly changed: readonly string[];
  /** The changesets that are not in a version yet. */
  readonly changesets: readonly string[];
  readonly manifests: readonly { readonly name: string; readonly repository?: unknown }[];
}

/** Why nothing may be published; empty if it may. */
export function refusals({ env, changed, changesets, manifests }: BeforeRelease): readonly string[] {
  const found: string[] = [];
  if (!env.CI) found.push("Releases are made by the release workflow, never by hand: CI is not set.");
  else if (!env.ACTIONS_ID_TOKEN_REQUEST_URL)
    found.push("There is no identity to sign with: the job needs the permission id-token: write.");
  if (changed.length > 0) found.push(`Not committed: ${some(changed)}.`);
  if (changesets.length > 0)
    found.push(`Without a version yet: ${some(changesets)}. Run: npm run changeset -- version`);
  // The registry takes a signed package only if it names the repository that the signature is of.
  const homeless = manifests.filter(({ repository }) => repository === undefined).map(({ name }) => name);
  if (homeless.length > 0) found.push(`Without "repository" in package.json: ${some(homeless)}.`);
  return found;
}

function some(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return names.slice(0, 3).join(", ") + more;
}
