// Whether this browser signed in. The cookie itself is out of reach of scripts, so this is noted beside it,
// to know whether there is anything to sign out of.

const NOTE = "eventhub-signed-in";

export function hasSignedIn(): boolean {
  try {
    return localStorage.getItem(NOTE) !== null;
  } catch {
    return false;
  }
}

export function rememberSignedIn(signedIn: boolean): void {
  try {
    if (signedIn) {
      localStorage.setItem(NOTE, "1");
    } else {
      localStorage.removeItem(NOTE);
    }
  } catch {
    // Without storage there is no button to sign out; the session ends by itself.
  }
}
