import { Call } from "./call.tsx";

export default function Page() {
  return (
    <main>
      <h1>Speak English</h1>
      <Call />
    </main>
  );
}
