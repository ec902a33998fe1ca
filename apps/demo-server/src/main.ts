import { createServer } from "node:http";

const port = Number(process.env.PORT ?? 8000);
const server = createServer((_request, response) => {
  response.end("RoomKit\n");
});
server.listen(port, () => console.log(`RoomKit is listening on http://localhost:${port}`));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => server.close());
