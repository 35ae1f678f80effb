/* global LIST, ID */
pm.test("returns the same resource", () => {
  pm.expect(pm.response.json()[LIST][0].id).to.equal(pm.collectionVariables.get(ID));
});
