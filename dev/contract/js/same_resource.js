/* global ID */
pm.test("returns the same resource", () => {
  pm.expect(pm.response.json().created).to.equal(pm.collectionVariables.get(ID));
});
