import { convexAuthNextjsToken } from "@convex-dev/auth/nextjs/server";
import ClientState from "./state.js";
import Nav from "./nav.js";
import SignOut from "./signout.js";

export default async function Home({ searchParams }) {
  const { prefetch } = await searchParams;
  const token = await convexAuthNextjsToken();
  return (
    <main>
      <Nav prefetch={prefetch === "off" ? false : undefined} />
      <h1 id="home">Home</h1>
      <p>
        The server says: <b id="server-state">{token ? "signed in" : "signed out"}</b>
      </p>
      <ClientState />
      {token && <SignOut />}
    </main>
  );
}
