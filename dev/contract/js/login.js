// Set `token` for the role that the request's name starts with. The token is either pasted into
// the environment or requested from token_url.
const role = pm.info.requestName.split(":")[0];
const pastedToken = pm.environment.get(`${role}_token`);
const savedLogin = JSON.parse(pm.collectionVariables.get(`${role}_login`) || "{}");
// Postman keeps collection variables when another environment is selected. A saved login is valid
// only for the environment that it was made in.
const loginEnvironment = ["baseUrl", "token_url", "audience", `${role}_client_id`]
  .map((name) => pm.environment.get(name)).join(" ");
pm.variables.set("token", "");
if (pastedToken) {
  pm.variables.set("token", pastedToken);
} else if (role === "expired" || role === "foreign") {
  pm.execution.skipRequest();
} else if (role === "nobody") {
  // The request is sent without a token.
} else if (savedLogin.environment === loginEnvironment && savedLogin.until > Date.now()) {
  pm.variables.set("token", savedLogin.token);
} else {
  pm.sendRequest({
    url: pm.environment.get("token_url"),
    method: "POST",
    header: { "Content-Type": "application/json" },
    body: { mode: "raw", raw: JSON.stringify({
      grant_type: "client_credentials",
      audience: pm.environment.get("audience"),
      client_id: pm.environment.get(`${role}_client_id`),
      client_secret: pm.environment.get(`${role}_client_secret`),
    }) },
  }, (error, response) => {
    let login = {};
    if (!error) {
      try { login = response.json() || {}; } catch { /* The test below fails. */ }
    }
    pm.test(`the ${role} can log in at token_url`, () => {
      const settings = `${role}_token; or token_url, ${role}_client_id and ${role}_client_secret`;
      pm.expect(login, `no access token; set ${settings}`).to.have.property("access_token");
    });
    if (!login.access_token) return;
    pm.variables.set("token", login.access_token);
    pm.collectionVariables.set(`${role}_login`, JSON.stringify({
      token: login.access_token,
      environment: loginEnvironment,
      until: Date.now() + (login.expires_in - 60) * 1000,
    }));
  });
}
