"use client";
import { useAuthActions } from "@convex-dev/auth/react";

export default function SignOut() {
  const { signOut } = useAuthActions();
  return (
    <button id="sign-out" onClick={() => void signOut()}>
      Sign out
    </button>
  );
}
