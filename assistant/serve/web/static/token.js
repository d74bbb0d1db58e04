// The token in the address that the owner opened: kept as a cookie, and taken out of sight.

const found = /^#token=([\w.~+/=-]+)$/.exec(location.hash);
if (found) {
  const year = 365 * 24 * 3600;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `assistant_token=${found[1]}; Path=/; Max-Age=${year}; SameSite=Strict${secure}`;
  history.replaceState(null, "", location.href.split("#")[0]);
}
