/* global ID */
pm.collectionVariables.set(ID, pm.response.json().created);
