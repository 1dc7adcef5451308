"use client";
import { useConvexAuth as useLibrary } from "@convex-dev/auth/react";
import { useConvexAuth } from "convex/react";
import { useState } from "react";

// Two views of the client: what the auth library holds, and what the Convex client
// says once its sync server has confirmed (there is none behind this app, so it
// stays "loading" while signed in). The button is the library's own refresh.
const word = (s) => (s.isLoading ? "loading" : s.isAuthenticated ? "signed in" : "signed out");

export default function ClientState() {
  const library = useLibrary();
  const client = useConvexAuth();
  const [outcome, setOutcome] = useState("");
  const refresh = () =>
    library.fetchAccessToken({ forceRefreshToken: true }).then(
      (token) => setOutcome(token ? "refreshed" : "no token"),
      (error) => setOutcome(`error: ${error.message}`),
    );
  return (
    <p>
      The client says: <b id="client-state">{word(library)}</b>, its sync connection: <b id="sync-state">{word(client)}</b>{" "}
      <button id="refresh" onClick={refresh}>Refresh the token</button> <span id="refresh-outcome">{outcome}</span>
    </p>
  );
}
