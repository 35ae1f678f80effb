/* global KEY */
pm.collectionVariables.set(KEY, pm.variables.replaceIn("postman-{{$guid}}"));
