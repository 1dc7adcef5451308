import Nav from "../../nav.js";
import { identity } from "../../identity.js";

export default async function Details() {
  return (
    <main>
      <Nav />
      <h1 id="details">Details</h1>
      <p id="subject">{(await identity())?.sub ?? "(nobody)"}</p>
    </main>
  );
}
