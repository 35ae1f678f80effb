// Check every response against what its request expects.
const expected = JSON.parse(pm.variables.get("expected"));
pm.test(`status is ${expected.status}`, () => pm.response.to.have.status(expected.status));
for (const [name, pattern] of Object.entries(expected.headers)) {
  pm.test(`has header ${name}`, () => {
    pm.response.to.have.header(name);
    pm.expect(pm.response.headers.get(name)).to.match(new RegExp(pattern));
  });
}
if (expected.schema) {
  pm.test("matches the schema", () => pm.response.to.have.jsonSchema(expected.schema));
}
if (expected.message) {
  pm.test(`message is "${expected.message}"`, () => {
    const body = pm.response.json();
    pm.expect(body).to.have.all.keys("success", "error", "message", "detail");
    pm.expect(body.success).to.be.false;
    pm.expect(body.error).to.equal(expected.status);
    pm.expect(body.message).to.equal(expected.message);
    pm.expect(body.detail).to.be.a("string").that.is.not.empty;
  });
}
