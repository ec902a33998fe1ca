import { type JSX, useEffect, useRef } from "react";

interface Props {
  readonly onToken: (token: string) => void;
  /** One was shown already, and it was not good. */
  readonly again: boolean;
}

export function SignIn({ onToken, again }: Props): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = field.current?.value.trim() ?? "";
          if (token !== "") onToken(token);
        }}
      >
        <h1>
          RoomKit <span>inspector</span>
        </h1>
        <p>Calls are shown to whoever has the operators' token.</p>
        <input
          className="unseen"
          type="text"
          autoComplete="username"
          defaultValue="operator"
          tabIndex={-1}
          aria-hidden
        />
        <label htmlFor="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autoComplete="current-password"
          required
          aria-describedby="wrong"
        />
        <p id="wrong" className="wrong" role="alert">
          {again ? "This token is not good. Is it the whole of it?" : ""}
        </p>
        <button type="submit" className="primary">
          Show the calls
        </button>
      </form>
    </main>
  );
}
