const VERSION = /\/v\d+(?:alpha|beta)?\/*$/;

/**
 * A base URL for what asks below a version (`https://api.openai.com/v1`), from one that has it or is a host alone. A path of another kind is
 * somebody's proxy, and stays.
 */
export function versioned<T extends string | undefined>(baseURL: T): T | string {
  return baseURL === undefined || !/^[a-z]+:\/\/[^/?#]+\/*$/i.test(baseURL) ? baseURL : `${trimmed(baseURL)}/v1`;
}

/** The same for what adds the version itself (`https://api.anthropic.com`): a version at the end is taken off. */
export function unversioned<T extends string | undefined>(baseURL: T): T | string {
  return baseURL === undefined ? baseURL : trimmed(baseURL.replace(VERSION, ""));
}

const trimmed = (url: string): string => url.replace(/\/+$/, "");
