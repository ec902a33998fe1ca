import { existsSync } from "node:fs";

if (existsSync(".env")) process.loadEnvFile();
const { HOST, PORT = "8000", TOKEN } = process.env;
if (HOST && !TOKEN) {
  end("set TOKEN: with a HOST others can reach this server");
}

/** Where the server listens: without a HOST this machine alone reaches it. */
export const host = HOST || "127.0.0.1";
export const port = Number(PORT);

export function sayWhere(): void {
  console.log(`Open http://localhost:${port} and speak English`);
}

/** The server cannot listen: says why, in one line. */
export function sayWhyNot({ code, message }: NodeJS.ErrnoException): never {
  const taken = `port ${port} is in use: set another PORT, or end what has it`;
  end(code === "EADDRINUSE" ? taken : message);
}

function end(why: string): never {
  console.error(why);
  process.exit(1);
}
