/* global ETAG */
pm.collectionVariables.set(ETAG, pm.response.headers.get("ETag"));
