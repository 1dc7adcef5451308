import Nav from "../nav.js";

export default function About() {
  return (
    <main>
      <Nav />
      <h1 id="about">About</h1>
    </main>
  );
}
