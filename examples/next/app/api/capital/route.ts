import { offlineAI } from "roomkit";

const ai = offlineAI();

/** The assistant of the calls, asked in writing: a route handler on the same packages, which `next build` resolves. */
export async function GET(request: Request): Promise<Response> {
  const country = new URL(request.url).searchParams.get("of") ?? "France";
  const content = `What is the capital of ${country.slice(0, 100)}?`;
  let answer = "";
  for await (const part of ai.generate({ messages: [{ role: "user", content }] }, { signal: request.signal }))
    if (part.type === "text-delta") answer += part.text;
  return Response.json({ answer });
}
