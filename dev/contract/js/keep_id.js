/* global ID */
const body = pm.response.json();
// The id of the new resource, or of the first of several.
pm.collectionVariables.set(ID, body.created || Object.values(body).find(Array.isArray)[0].id);
