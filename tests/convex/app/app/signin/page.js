"use client";
import { useAuthActions } from "@convex-dev/auth/react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import Nav from "../nav.js";

// As in the guide nothing navigates after a password sign-in: the middleware's answer
// decides. With ?push on the address the page pushes /product itself, as the starter
// template does.
export default function SignIn() {
  const { signIn } = useAuthActions();
  const router = useRouter();
  const [flow, setFlow] = useState("signIn");
  const [message, setMessage] = useState("");
  const [error, setError] = useState("");
  const run = async (provider, args) => {
    setError("");
    setMessage("");
    try {
      const push = new URLSearchParams(window.location.search).has("push");
      const result = await signIn(provider, args);
      setMessage(`result: ${JSON.stringify({ signingIn: result?.signingIn ?? null })}`);
      if (push && result?.signingIn) router.push("/product");
    } catch (e) {
      setError(e.message);
    }
  };
  return (
    <main>
      <Nav />
      <h1 id="signin">{flow === "signIn" ? "Sign in" : "Sign up"}</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run("password", new FormData(event.currentTarget));
        }}
      >
        <input name="email" type="email" placeholder="Email" required />
        <input name="password" type="password" placeholder="Password" required />
        <input name="flow" type="hidden" value={flow} readOnly />
        <button id="submit" type="submit">{flow === "signIn" ? "Sign in" : "Sign up"}</button>
        <button id="toggle" type="button" onClick={() => setFlow(flow === "signIn" ? "signUp" : "signIn")}>
          {flow === "signIn" ? "Sign up instead" : "Sign in instead"}
        </button>
      </form>
      <p>
        <button id="fakehub" type="button" onClick={() => void run("fakehub", { redirectTo: "/product" })}>
          Continue with Fakehub
        </button>
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run("magic", new FormData(event.currentTarget));
        }}
      >
        <input name="email" type="email" id="magic-email" placeholder="Email" required />
        <input name="redirectTo" type="hidden" value="/product" readOnly />
        <button id="magic" type="submit">Send a link</button>
      </form>
      <p id="message">{message}</p>
      <p id="error" className="error">{error}</p>
    </main>
  );
}
