import type { Tool as ServerTool } from "@modelcontextprotocol/client";
import type { Logger } from "@roomkit/core";
import { describe, expect, it, vi } from "vitest";
import { offeredTools } from "./offered-tools.ts";
import { type McpToolsOptions, resolveOptions } from "./options.ts";

const list: ServerTool[] = ["read", "delete_all"].map((name) => ({ name, inputSchema: { type: "object" } }));

/** The names of what is offered, and how often something was logged. */
function offered(tools: unknown): { readonly names: readonly string[]; readonly warnings: number } {
  const warn = vi.fn();
  const logger: Logger = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
  const options = { server: { url: "https://mcp.example" }, tools } as McpToolsOptions;
  const settings = resolveOptions({ ...options, logger }, { logger, clock: undefined as never });
  const names = offeredTools(list, settings, async () => "").map(({ name }) => name);
  return { names, warnings: warn.mock.calls.length };
}

describe("the function that says which tools are allowed", () => {
  it("allows by true", () => {
    expect(offered(({ name }: ServerTool) => name === "read")).toEqual({ names: ["read"], warnings: 0 });
  });

  it.each([
    ["gives a promise of false", async () => false],
    ["gives a promise of true: its tools are told at once", async () => true],
    ["gives a promise that fails", () => Promise.reject(new Error("no policy"))],
    [
      "throws",
      () => {
        throw new Error("no policy");
      },
    ],
  ])("allows nothing when it %s, and that is logged", (_how, tools) => {
    expect(offered(tools)).toEqual({ names: [], warnings: 2 });
  });

  it.each([1, "yes", {}, undefined])("does not allow by %j", (answer) => {
    expect(offered(() => answer).names).toEqual([]);
  });
});
