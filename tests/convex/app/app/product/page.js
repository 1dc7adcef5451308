import ClientState from "../state.js";
import Nav from "../nav.js";
import SignOut from "../signout.js";
import { identity } from "../identity.js";

export default async function Product() {
  const claims = await identity();
  return (
    <main>
      <Nav />
      <h1 id="product">Product</h1>
      <dl>
        <dt>subject</dt>
        <dd id="subject">{claims?.sub ?? "(nobody)"}</dd>
        <dt>issuer</dt>
        <dd id="issuer">{claims?.iss ?? "(none)"}</dd>
        <dt>token valid until</dt>
        <dd id="expires">{claims ? new Date(claims.exp * 1000).toISOString() : "(none)"}</dd>
      </dl>
      <ClientState />
      <SignOut />
    </main>
  );
}
