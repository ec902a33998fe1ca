import { Call } from "./call.tsx";

export default function Page() {
  return (
    <main>
      <h1>PROJECT</h1>
      <Call />
    </main>
  );
}
