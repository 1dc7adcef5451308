import { convexAuthNextjsToken } from "@convex-dev/auth/nextjs/server";

// The payload only: the gate (or the middleware) has checked the signature.
export async function identity() {
  const token = await convexAuthNextjsToken();
  if (!token) return null;
  try {
    return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  } catch {
    return null;
  }
}
