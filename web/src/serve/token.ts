// The token of the server: in the address that `qualm serve` prints, behind "#token=". It is kept
// for this tab alone and taken out of the address bar.
const kKey = "qualm serve token";
let kept: string | null = null; // where the browser allows no storage

/// "#token=12:80" is a place in the text of a report, and no token.
export function accessToken(hash: string): string | null {
  const token = /^#token=(\S{16,512})$/.exec(hash)?.[1];
  return token && !/^\d{1,9}:\d{1,9}$/.test(token) ? token : null;
}

export function keepToken(token: string | null): void {
  kept = token;
  try {
    if (token === null) sessionStorage.removeItem(kKey);
    else sessionStorage.setItem(kKey, token);
  } catch {
    // kept in this page
  }
}

function storedToken(): string | null {
  try {
    return sessionStorage.getItem(kKey) ?? kept;
  } catch {
    return kept;
  }
}

/// From the address, else from before.
export function takeToken(): string | null {
  const given = accessToken(location.hash);
  if (given === null) return storedToken();
  keepToken(given);
  history.replaceState(null, "", location.pathname + location.search);
  return given;
}
