/* global SIZE */
pm.variables.set("large", " ".repeat(SIZE));
