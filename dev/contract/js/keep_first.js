/* global LIST, ID, ETAG */
const [first] = pm.response.json()[LIST];
pm.collectionVariables.set(ID, first.id);
pm.collectionVariables.set(ETAG, `"${first.version}"`);
