/* global EXPECTED */
pm.variables.set("expected", JSON.stringify(EXPECTED));
