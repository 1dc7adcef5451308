"use client";
import Link from "next/link";

// ?prefetch=off on the page's address keeps <Link> from fetching ahead.
export default function Nav({ prefetch }) {
  return (
    <nav>
      <Link id="to-home" href="/" prefetch={prefetch}>Home</Link>
      <Link id="to-about" href="/about" prefetch={prefetch}>About</Link>
      <Link id="to-product" href="/product" prefetch={prefetch}>Product</Link>
      <Link id="to-details" href="/product/details" prefetch={prefetch}>Details</Link>
      <Link id="to-signin" href="/signin" prefetch={prefetch}>Sign in</Link>
    </nav>
  );
}
