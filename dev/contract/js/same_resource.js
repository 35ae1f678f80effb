/* global ID */
pm.test("returns the same resource", () => {
  const body = pm.response.json();
  const id = body.created || Object.values(body).find(Array.isArray)[0].id;
  pm.expect(id).to.equal(pm.collectionVariables.get(ID));
});
